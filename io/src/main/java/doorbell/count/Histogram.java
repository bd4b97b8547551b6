package doorbell.count;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts of times, by buckets: the bound of each bucket is twice the bound before. One thread
 * records, without a lock; any thread may read.
 */
public final class Histogram {
  private final long unitNanos;

  /** The counts of the buckets, of all greater times, and the sum of all times in nanoseconds. */
  private final AtomicLongArray counts;

  /**
   * A histogram of {@code buckets} bounded buckets.
   *
   * @param unitNanos the bound of the first bucket, in nanoseconds
   */
  public Histogram(long unitNanos, int buckets) {
    this.unitNanos = unitNanos;
    this.counts = new AtomicLongArray(buckets + 2);
  }

  /** Records that {@code times} things took {@code nanos} each. For one thread alone. */
  public void record(long nanos, long times) {
    long taken = Math.max(0, nanos);
    long units = Math.ceilDiv(taken, unitNanos);
    int bucket = units <= 1 ? 0 : Long.SIZE - Long.numberOfLeadingZeros(units - 1);
    add(Math.min(bucket, buckets()), times);
    add(buckets() + 1, taken * times);
  }

  private void add(int place, long more) {
    counts.setOpaque(place, counts.getPlain(place) + more);
  }

  /** The number of buckets that have a bound; one more has all greater times. */
  public int buckets() {
    return counts.length() - 2;
  }

  /** The longest time of a bucket, in nanoseconds. */
  public long bound(int bucket) {
    return unitNanos << bucket;
  }

  /** The count of times in a bucket alone; the bucket {@link #buckets} has all greater times. */
  public long count(int bucket) {
    return counts.getOpaque(bucket);
  }

  /** The sum of all times, in nanoseconds. */
  public long sum() {
    return counts.getOpaque(buckets() + 1);
  }
}
