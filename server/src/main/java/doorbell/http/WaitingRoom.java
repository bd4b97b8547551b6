package doorbell.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** How many waits may be parked, in the whole node and for one client address. Any thread. */
final class WaitingRoom {
  private final int places;
  private final int placesPerAddress;
  private final AtomicInteger taken = new AtomicInteger();
  private final ConcurrentHashMap<InetAddress, Integer> takenByAddress = new ConcurrentHashMap<>();

  /** {@code placesPerAddress} may be 0: then addresses aren't looked at. */
  WaitingRoom(int places, int placesPerAddress) {
    this.places = places;
    this.placesPerAddress = placesPerAddress;
  }

  int taken() {
    return taken.get();
  }

  /** Whose place it will be: the client's address; null if addresses aren't looked at. */
  @Nullable InetAddress addressOf(Wire wire) {
    InetSocketAddress client = placesPerAddress > 0 ? wire.client() : null;
    return client == null ? null : client.getAddress();
  }

  /** Takes a place, to be given back by {@link #leave}; or refuses, and then takes none. */
  void enter(@Nullable InetAddress address) throws Refused {
    if (taken.incrementAndGet() > places) {
      taken.decrementAndGet();
      throw Refused.forNow(
          503, "this node holds " + places + " waits and takes no more; try later");
    }
    if (address != null && takenByAddress.merge(address, 1, Integer::sum) > placesPerAddress) {
      leave(address);
      throw Refused.forNow(
          429, "at most " + placesPerAddress + " waits from one address at a time; try later");
    }
  }

  /** Gives back a place that was taken for {@code address}. */
  void leave(@Nullable InetAddress address) {
    taken.decrementAndGet();
    if (address != null) {
      takenByAddress.computeIfPresent(address, (a, n) -> n == 1 ? null : n - 1);
    }
  }
}
