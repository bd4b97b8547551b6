package doorbell.http2;

import doorbell.io.Deadlines;

/**
 * Work that one client may cause without waiting for its answers. Each piece has a cost, a second
 * gives some back. Belongs to the thread of its clock.
 */
final class Allowance {
  private final Deadlines clock;
  private final int most;
  private final int perSecond;
  private long left;
  private long asOfMillis;

  /** Begins with {@code most}, and has never more. */
  Allowance(Deadlines clock, int most, int perSecond) {
    this.clock = clock;
    this.most = most;
    this.perSecond = perSecond;
    this.left = most;
    this.asOfMillis = clock.nowMillis();
  }

  /** Takes {@code cost}; false if so much isn't left, and then nothing is. */
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
