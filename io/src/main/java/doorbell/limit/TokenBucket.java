package doorbell.limit;

/** One token bucket, which holds the tokens of a second; its rate may change. Any thread. */
public final class TokenBucket {
  private final long start;
  private long fullAt;

  /** A full bucket at the time {@code nanos}. */
  public TokenBucket(long nanos) {
    start = nanos;
  }

  /**
   * Takes tokens, as {@link TokenBuckets#take}: more than the bucket holds from a full one.
   *
   * @return 0 if they were taken; else the nanoseconds until they will be there, and none are taken
   */
  public synchronized long take(int tokens, int perSecond, long nanos) {
    TokenRate rate = new TokenRate(perSecond, 1);
    long lacking = rate.lacking(fullAt, tokens, nanos - start);
    if (lacking > 0) {
      return lacking;
    }
    fullAt = rate.fullAfter(fullAt, tokens, nanos - start);
    return 0;
  }

  /** Gives tokens back, which were taken at the same rate for nothing. */
  public synchronized void giveBack(int tokens, int perSecond) {
    fullAt = new TokenRate(perSecond, 1).fullAfter(fullAt, -tokens, fullAt);
  }
}
