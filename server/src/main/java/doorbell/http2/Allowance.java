package doorbell.http2;

import doorbell.io.Deadlines;

/**
 * Work that a client may cause without waiting for responses. Each piece of work has a cost; each
 * second gives a part back. Belongs to the thread of the clock.
 */
final class Allowance {
  private final Deadlines clock;
  private final int most;
  private final int perSecond;
  private long left;
  private long asOfMillis;

  /** Begins with {@code most}, and never has more. */
  Allowance(Deadlines clock, int most, int perSecond) {
    this.clock = clock;
    this.most = most;
    this.perSecond = perSecond;
    this.left = most;
    this.asOfMillis = clock.nowMillis();
  }

  /** Takes {@code cost}; if less is left, takes all and returns false. */
  boolean spend(int cost) {
    long now = clock.nowMillis();
    long earned = Math.min(most, (now - asOfMillis) * perSecond / 1_000);
    if (earned > 0) {
      left = Math.min(most, left + earned);
      asOfMillis = now;
    }
    left = Math.max(-1, left - cost);
    return left >= 0;
  }
}
