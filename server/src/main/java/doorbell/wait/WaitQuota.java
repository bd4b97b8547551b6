package doorbell.wait;

import doorbell.io.Endpoint;
import doorbell.limit.AddressKey;
import doorbell.limit.AddressLimits;
import doorbell.limit.Limit;
import doorbell.limit.QuotaException;
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
  private final ConcurrentHashMap<Long, Integer> takenByAddress = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Limit, Long> refusals = new ConcurrentHashMap<>();

  /** The limits of what an address may begin; null while no option asks for any. */
  private volatile @Nullable AddressLimits beginnings;

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

  /** True if clients are counted by their addresses. */
  public boolean isByAddress() {
    return placesPerAddress > 0 || beginnings != null;
  }

  /** Limits what an address may begin, from now on. */
  public void limit(AddressLimits byAddress) {
    beginnings = byAddress;
  }

  /** The limits of what an address may begin; null while there are none. */
  public @Nullable AddressLimits beginnings() {
    return beginnings;
  }

  /** Refusals by {@code limit} since the start. */
  public long refusals(Limit limit) {
    AddressLimits byAddress = beginnings;
    return refusals.getOrDefault(limit, 0L) + (byAddress == null ? 0 : byAddress.refusals(limit));
  }

  /** The key of the client's address, for {@link #acquire}; null if addresses don't matter. */
  public @Nullable Long addressOf(Endpoint endpoint) {
    return placesPerAddress > 0 ? AddressKey.of(endpoint.client()) : null;
  }

  /** Takes places, to be given back by {@link #release}; or refuses, and then takes none. */
  public void acquire(@Nullable Long address, int ids) throws QuotaException {
    if (taken.addAndGet(ids) > places) {
      taken.addAndGet(-ids);
      throw refused(
          Limit.WAITS, "this node has room for " + places + " waits, one for each id; try later");
    }
    int most = placesPerAddress;
    if (address != null && takenByAddress.merge(address, ids, Integer::sum) > most && most > 0) {
      release(address, ids);
      throw refused(
          Limit.WAITS_PER_ADDRESS,
          "at most " + most + " waits from one address, one for each id; try later");
    }
  }

  private QuotaException refused(Limit limit, String sentence) {
    refusals.merge(limit, 1L, Long::sum);
    return new QuotaException(limit, sentence);
  }

  /** Gives back places that were taken for {@code address}. */
  public void release(@Nullable Long address, int ids) {
    taken.addAndGet(-ids);
    if (address != null) {
      takenByAddress.computeIfPresent(address, (a, n) -> n == ids ? null : n - ids);
    }
  }
}
