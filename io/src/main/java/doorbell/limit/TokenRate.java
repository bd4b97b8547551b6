package doorbell.limit;

import java.util.concurrent.TimeUnit;

/**
 * The rate of a token bucket, and what a full bucket holds. A bucket is the moment at which it will
 * be full again: one that was full before is as full as can be. Immutable; any thread.
 *
 * @param perSecond the tokens that a bucket gets in a second
 * @param burstSeconds a full bucket holds the tokens of so many seconds
 */
record TokenRate(int perSecond, int burstSeconds) {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private long cost(int tokens) {
    return tokens * (SECOND / perSecond);
  }

  /**
   * The nanoseconds until {@code tokens} may be taken from a bucket that is full at {@code fullAt};
   * 0 or less if they may be taken now. More tokens than a bucket holds are taken from a full one,
   * which then owes them: a large set isn't refused for ever.
   */
  long lacking(long fullAt, int tokens, long now) {
    long burst = burstSeconds * SECOND;
    return Math.max(fullAt, now) - now + Math.min(cost(tokens), burst) - burst;
  }

  /** The moment at which the bucket will be full once {@code tokens} are taken. */
  long fullAfter(long fullAt, int tokens, long now) {
    return Math.max(fullAt, now) + cost(tokens);
  }
}
