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

  /**
   * Takes a place, to be given back by {@link #leave}; or refuses, and then takes none.
   *
   * @return the client's address, if addresses are looked at
   */
  @Nullable InetAddress enter(Wire wire) throws Refused {
    if (taken.incrementAndGet() > places) {
      taken.decrementAndGet();
      throw Refused.forNow(
          503, "this node holds " + places + " waits and takes no more; try later");
    }
    InetSocketAddress known = placesPerAddress > 0 ? wire.client() : null;
    InetAddress address = known == null ? null : known.getAddress();
    if (address != null && takenByAddress.merge(address, 1, Integer::sum) > placesPerAddress) {
      leave(address);
      throw Refused.forNow(
          429, "at most " + placesPerAddress + " waits from one address at a time; try later");
    }
    return address;
  }

  /** Gives back a place that was taken for {@code address}. */
  void leave(@Nullable InetAddress address) {
    taken.decrementAndGet();
    if (address != null) {
      takenByAddress.computeIfPresent(address, (a, n) -> n == 1 ? null : n - 1);
    }
  }
}
