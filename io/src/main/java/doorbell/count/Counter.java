package doorbell.count;

import java.util.concurrent.atomic.AtomicLong;

/** A number that one thread counts, without a lock; any thread may read the number. */
public final class Counter {
  private final AtomicLong value = new AtomicLong();

  /** Counts {@code more}, which may be negative. For the thread of this counter alone. */
  public void add(long more) {
    value.setOpaque(value.getPlain() + more);
  }

  /** Sets the number. For the thread of this counter alone. */
  public void set(long now) {
    value.setOpaque(now);
  }

  public long get() {
    return value.getOpaque();
  }
}
