package doorbell.wait;

import doorbell.io.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The quota of parked waits, in the whole node and for one client address. Each id of a wait
 * counts, since each id costs a link and perhaps a variable. Any thread.
 */
public final class WaitQuota {
  private volatile int places;
  private volatile int placesPerAddress;
  private final AtomicInteger taken = new AtomicInteger();
  private final ConcurrentHashMap<InetAddress, Integer> takenByAddress = new ConcurrentHashMap<>();

  /** {@code placesPerAddress} may be 0: then addresses aren't looked at. */
  public WaitQuota(int places, int placesPerAddress) {
    this.places = places;
    this.placesPerAddress = placesPerAddress;
  }

  /** Takes other bounds from now on; waits beyond them stay parked. */
  public void limit(int most, int mostPerAddress) {
    places = most;
    placesPerAddress = mostPerAddress;
  }

  public int places() {
    return places;
  }

  public int taken() {
    return taken.get();
  }

  /** The client's address, for {@link #acquire}; null if addresses aren't looked at. */
  public @Nullable InetAddress addressOf(Endpoint endpoint) {
    InetSocketAddress client = placesPerAddress > 0 ? endpoint.client() : null;
    return client == null ? null : client.getAddress();
  }

  /** Takes places, to be given back by {@link #release}; or refuses, and then takes none. */
  public void acquire(@Nullable InetAddress address, int ids) throws QuotaException {
    if (taken.addAndGet(ids) > places) {
      taken.addAndGet(-ids);
      throw new QuotaException(
          false, "this node has room for " + places + " waits, one for each id; try later");
    }
    int most = placesPerAddress;
    if (address != null && takenByAddress.merge(address, ids, Integer::sum) > most && most > 0) {
      release(address, ids);
      throw new QuotaException(
          true, "at most " + most + " waits from one address, one for each id; try later");
    }
  }

  /** Gives back places that were taken for {@code address}. */
  public void release(@Nullable InetAddress address, int ids) {
    taken.addAndGet(-ids);
    if (address != null) {
      takenByAddress.computeIfPresent(address, (a, n) -> n == ids ? null : n - ids);
    }
  }
}
