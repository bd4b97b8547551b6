package doorbell.event;

/**
 * The pace at which the waiters of an event variable are told of the set. Belongs to the lock of
 * the {@link EventTableShard} that has the variable.
 */
final class Pace {
  /** Shortest time between two steps of a paced wake, in milliseconds. */
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
   * True if this pace is to take over. The rest of the other pace counts from its next step on, so
   * that a change tells no waiter later, and without a change all waiters are told in this pace's
   * time.
   */
  boolean isFasterThan(Pace other) {
    return restMillis < other.restMillis;
  }

  /** Takes a step: the number of waiters left that are told now. */
  int step(int crowd) {
    long mostSteps = Math.max(restMillis / STEP_MILLIS, 1);
    int share = (int) Math.ceilDiv(crowd, mostSteps);
    int steps = Math.ceilDiv(crowd, share);
    stepMillis = restMillis / steps;
    restMillis -= stepMillis;
    return share;
  }

  /** Time until the next step, or 0 if no step is left. */
  long nextMillis() {
    return restMillis > 0 ? stepMillis : 0;
  }
}
