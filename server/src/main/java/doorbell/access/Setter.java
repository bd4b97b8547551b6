package doorbell.access;

import doorbell.limit.TokenBucket;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A site that sets by a named token: its quotas, and the counts of what it did. Lives on when its
 * tokens are replaced. Any thread.
 */
public final class Setter {
  /**
   * Quotas of a name; 0 is no quota.
   *
   * @param perSecond the sets of a second
   * @param remembered the sets that are remembered at a time
   */
  record Quotas(int perSecond, int remembered) {}

  public final String name;

  /** Sets by their results. */
  public final LongAdder first = new LongAdder();

  public final LongAdder already = new LongAdder();
  public final LongAdder failed = new LongAdder();

  /** Requests that were refused for each of the quotas. */
  public final LongAdder tooFast = new LongAdder();

  public final LongAdder tooMany = new LongAdder();

  private final LongSupplier nanos;
  private final TokenBucket rate;
  private final RememberedSets remembered;
  private volatile Quotas quotas;

  Setter(String name, Quotas quotas, long rememberNanos, LongSupplier nanos) {
    this.name = name;
    this.quotas = quotas;
    this.nanos = nanos;
    rate = new TokenBucket(nanos.getAsLong());
    remembered = new RememberedSets(rememberNanos, nanos.getAsLong());
  }

  /** Takes other quotas from now on; what was counted stays counted. */
  void limit(Quotas changed) {
    quotas = changed;
  }

  /**
   * Takes room for so many sets, each to be told by {@link #onStored}. False if there isn't any for
   * all of them: they may go on by {@link #acquire(int, int)} if the store knows most of them.
   *
   * @throws AccessException if they are too many for this second
   */
  public boolean acquire(int sets) throws AccessException {
    Quotas now = quotas;
    long wait = now.perSecond == 0 ? 0 : rate.take(sets, now.perSecond, nanos.getAsLong());
    if (wait > 0) {
      tooFast.increment();
      throw AccessException.quota(
          "this token may set " + now.perSecond + " events in a second; try later", wait);
    }
    return take(sets, sets, now) == 0;
  }

  /**
   * Takes room for sets that found none, of which only {@code unset} are new; or refuses all of
   * them, which then don't count for this second.
   */
  public void acquire(int sets, int unset) throws AccessException {
    Quotas now = quotas;
    long room = take(sets, unset, now);
    if (room > 0) {
      if (now.perSecond > 0) {
        rate.giveBack(sets, now.perSecond);
      }
      tooMany.increment();
      throw AccessException.quota(
          "this token may have " + now.remembered + " sets remembered at a time; try later", room);
    }
  }

  private long take(int sets, int unset, Quotas now) {
    long most = now.remembered == 0 ? Long.MAX_VALUE : now.remembered;
    return remembered.take(sets, unset, most, nanos.getAsLong());
  }

  /** Counts a set that was stored, or couldn't be. Only a first one is remembered for the name. */
  public void onStored(@Nullable Boolean isFirst, @Nullable Throwable cause) {
    boolean isRemembered = cause == null && Boolean.TRUE.equals(isFirst);
    (cause != null ? failed : isRemembered ? first : already).increment();
    if (!isRemembered) {
      remembered.giveBack(1, nanos.getAsLong());
    }
  }

  /** The sets that are remembered now, those under way too. */
  public long remembered() {
    return remembered.count(nanos.getAsLong());
  }
}
