package doorbell.access;

/**
 * A token bucket of sets: the sets of a second are saved up at most. A list may take more than
 * there is, once something is there; what it took too much has to come in first. Any thread.
 */
final class SetRate {
  private static final double SECOND = 1_000_000_000;

  private double left;
  private long asOf;

  /** Begins with the sets of a second. */
  SetRate(int perSecond, long nanos) {
    left = perSecond;
    asOf = nanos;
  }

  /** Takes {@code sets}; or else tells the nanoseconds until there is something to take. */
  synchronized long take(int sets, int perSecond, long nanos) {
    double came = Math.max(0, nanos - asOf) / SECOND * perSecond;
    left = Math.min(perSecond, left + came);
    asOf = Math.max(asOf, nanos);
    if (left < 1) {
      return Math.max(1, (long) ((1 - left) / perSecond * SECOND));
    }
    left -= sets;
    return 0;
  }
}
