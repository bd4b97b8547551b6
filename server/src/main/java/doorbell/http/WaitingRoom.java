package doorbell.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

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

  /** Takes a place, to be given back by {@link #leave}; or refuses, and then takes none. */
  void enter(SocketAddress client) throws Refused {
    if (taken.incrementAndGet() > places) {
      taken.decrementAndGet();
      throw Refused.forNow(
          503, "this node holds " + places + " waits and takes no more; try later");
    }
    if (placesPerAddress > 0 && client instanceof InetSocketAddress inet) {
      int here = takenByAddress.merge(inet.getAddress(), 1, Integer::sum);
      if (here > placesPerAddress) {
        leave(client);
        throw Refused.forNow(
            429, "at most " + placesPerAddress + " waits from one address at a time; try later");
      }
    }
  }

  void leave(SocketAddress client) {
    taken.decrementAndGet();
    if (placesPerAddress > 0 && client instanceof InetSocketAddress inet) {
      takenByAddress.computeIfPresent(inet.getAddress(), (a, n) -> n == 1 ? null : n - 1);
    }
  }
}
