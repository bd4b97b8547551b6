package doorbell.count;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets a log line through once in some seconds: clients and strangers must not fill the disk. Any
 * thread may ask.
 */
public final class Seldom {
  /** Time between two lines, where nothing asks for another: clients fail all day long. */
  private static final int USUAL_SECONDS = 60;

  private final long pauseNanos;
  private final AtomicLong next = new AtomicLong(System.nanoTime());

  /** A line is due once a minute. */
  public Seldom() {
    this(USUAL_SECONDS);
  }

  public Seldom(int seconds) {
    this.pauseNanos = seconds * 1_000_000_000L;
  }

  /** True if the line is due; then the next one is due after the pause. */
  public boolean isDue() {
    long now = System.nanoTime();
    long due = next.get();
    return now - due >= 0 && next.compareAndSet(due, now + pauseNanos);
  }
}
