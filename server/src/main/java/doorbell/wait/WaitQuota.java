package doorbell.wait;

import doorbell.io.Endpoint;
import doorbell.limit.AddressLimits;
import doorbell.limit.ClientAddress;
import doorbell.limit.Limit;
import doorbell.limit.QuotaException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The quota of parked waits, in the whole node and for one client address. Each id of a wait
 * counts, since each id costs a link and perhaps a variable. Any thread.
 */
public final class WaitQuota {
  private volatile int places;
  private final AtomicInteger taken = new AtomicInteger();
  private final LongAdder refusals = new LongAdder();

  /** The limits of one address; null while no option asks for any. */
  private volatile @Nullable AddressLimits byAddress;

  public WaitQuota(int places) {
    this.places = places;
  }

  /** Takes another bound from now on; waits beyond it stay parked. */
  public void limit(int most) {
    places = most;
  }

  public int places() {
    return places;
  }

  public int taken() {
    return taken.get();
  }

  /** True if clients are counted by their addresses. */
  public boolean isByAddress() {
    return byAddress != null;
  }

  /** Limits each address, from now on. */
  public void limit(AddressLimits limits) {
    byAddress = limits;
  }

  /** The limits of one address; null while there are none. */
  public @Nullable AddressLimits byAddress() {
    return byAddress;
  }

  /** Refusals by {@code limit} since the start. */
  public long refusals(Limit limit) {
    AddressLimits limits = byAddress;
    if (limit == Limit.WAITS) {
      return refusals.sum();
    }
    return limits == null ? 0 : limits.refusals(limit);
  }

  /** The address of a client: that of its connection, if it is counted. Null if it has none. */
  static @Nullable ClientAddress addressOf(Endpoint client) {
    ClientAddress counted = client.countedAt();
    return counted == null ? ClientAddress.of(client.client()) : counted;
  }

  /** The address for {@link #acquire}; null while no option limits the waits of one. */
  public @Nullable ClientAddress placeOf(Endpoint client) {
    AddressLimits limits = byAddress;
    return limits == null || !limits.limitsWaits() ? null : addressOf(client);
  }

  /**
   * Takes places for waits of an address, or refuses, and then takes none.
   *
   * @return the address as it is kept, for {@link #release}; null if it was null
   */
  public @Nullable ClientAddress acquire(@Nullable ClientAddress address, int ids)
      throws QuotaException {
    if (taken.addAndGet(ids) > places) {
      taken.addAndGet(-ids);
      refusals.increment();
      throw new QuotaException(
          Limit.WAITS, "this node has room for " + places + " waits, one for each id; try later");
    }
    AddressLimits limits = byAddress;
    if (limits == null || address == null) {
      return null;
    }
    try {
      return limits.park(address, ids);
    } catch (QuotaException over) {
      taken.addAndGet(-ids);
      throw over;
    }
  }

  /** Gives back places that {@link #acquire} took, and counted at {@code address}. */
  public void release(@Nullable ClientAddress address, int ids) {
    taken.addAndGet(-ids);
    AddressLimits limits = byAddress;
    if (limits != null && address != null) {
      limits.unpark(address, ids);
    }
  }
}
