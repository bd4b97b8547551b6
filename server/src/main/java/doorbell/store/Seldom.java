package doorbell.store;

import java.util.concurrent.atomic.AtomicLong;

/** Lets a log line through once a minute: clients must not fill the log. Any thread may call. */
final class Seldom {
  private static final long PAUSE_NANOS = 60_000_000_000L;

  private final AtomicLong next = new AtomicLong(System.nanoTime());

  boolean isDue() {
    long now = System.nanoTime();
    long due = next.get();
    return now - due >= 0 && next.compareAndSet(due, now + PAUSE_NANOS);
  }
}
