package doorbell.event;

/**
 * How fast those who wait for an event variable are told that it was set. Belongs to the lock of
 * the {@link EventTableShard} that the variable is one of.
 */
final class Pace {
  /** How often a paced wake moves on at most, in milliseconds. */
  private static final int STEP_MILLIS = 20;

  static final Pace AT_ONCE = new Pace(0);

  private long restMillis;
  private long stepMillis;

  private Pace(long millis) {
    restMillis = millis;
  }

  static Pace over(long millis) {
    return millis < STEP_MILLIS ? AT_ONCE : new Pace(millis);
  }

  /**
   * Whether it is to take over. The other's rest is counted from its next step on, so that nobody
   * is told later by the change, and without it all would be told in this one's time.
   */
  boolean isFasterThan(Pace other) {
    return restMillis < other.restMillis;
  }

  /** Goes on by a step: how many of those who are left are told now. */
  int step(int crowd) {
    long mostSteps = Math.max(restMillis / STEP_MILLIS, 1);
    int share = (int) Math.ceilDiv(crowd, mostSteps);
    int steps = Math.ceilDiv(crowd, share);
    stepMillis = restMillis / steps;
    restMillis -= stepMillis;
    return share;
  }

  /** When the next step is, or 0 if there is none. */
  long nextMillis() {
    return restMillis > 0 ? stepMillis : 0;
  }
}
