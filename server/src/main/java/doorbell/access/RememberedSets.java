package doorbell.access;

/**
 * The number of sets that a store remembers, in 25 slots of time: each is forgotten as a whole, up
 * to a 24th of the time late, so that the count is never too low. Any thread.
 */
final class RememberedSets {
  private static final int PARTS = 24;

  /** The slot that sets come into now, and all before of which a set may be remembered. */
  private static final int SLOTS = PARTS + 1;

  private final long slotNanos;
  private final long[] counts = new long[SLOTS];
  private final long began;
  private long slot;
  private long sum;

  RememberedSets(long rememberNanos, long nanos) {
    slotNanos = Math.max(1, rememberNanos / PARTS);
    began = nanos;
  }

  /**
   * Counts {@code sets}, of which {@code unset} are new, so that the others will be given back; or
   * else tells the nanoseconds until some of those counted are over.
   */
  synchronized long take(int sets, int unset, long most, long nanos) {
    forget(nanos);
    if (unset > 0 && sum + unset > most) {
      return nanosToRoom(nanos);
    }
    counts[(int) (slot % SLOTS)] += sets;
    sum += sets;
    return 0;
  }

  /**
   * Takes back sets that are not remembered further. They came into this slot, or into one a moment
   * before: then a count is too low there, and too high here, and the sum is right.
   */
  synchronized void giveBack(int sets, long nanos) {
    forget(nanos);
    counts[(int) (slot % SLOTS)] -= sets;
    sum -= sets;
  }

  synchronized long count(long nanos) {
    forget(nanos);
    return Math.max(0, sum);
  }

  private void forget(long nanos) {
    long now = Math.max(slot, (nanos - began) / slotNanos);
    for (long passed = Math.max(slot + 1, now - SLOTS + 1); passed <= now; passed++) {
      sum -= counts[(int) (passed % SLOTS)];
      counts[(int) (passed % SLOTS)] = 0;
    }
    slot = now;
  }

  private long nanosToRoom(long nanos) {
    long oldest = slot - SLOTS + 1;
    while (oldest < slot && counts[(int) Math.floorMod(oldest, (long) SLOTS)] <= 0) {
      oldest++;
    }
    return Math.max(1, began + (oldest + SLOTS) * slotNanos - nanos);
  }
}
