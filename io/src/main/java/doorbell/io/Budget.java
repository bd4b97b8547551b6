package doorbell.io;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that clients make the node hold beside the parked waits: unfinished requests, answers that
 * are not taken, streams, messages, TLS records. The last quarter is for clients that hold little,
 * so that large bodies don't keep small requests out. Any thread.
 */
public final class Budget {
  /** Bytes up to which a client holds little, and is the last to be refused memory. */
  private static final int LITTLE = 2_048;

  private final long most;
  private final AtomicLong taken = new AtomicLong();

  public Budget(long most) {
    this.most = most;
  }

  public long most() {
    return most;
  }

  public long taken() {
    return taken.get();
  }

  /** Counts bytes that are held in any case; a negative number gives them back. */
  public void count(long bytes) {
    taken.addAndGet(bytes);
  }

  /** Takes bytes, to be given back by {@link #count}; false if there is no room: none are taken. */
  public boolean take(long bytes) {
    count(bytes);
    if (isSpentFor(bytes)) {
      count(-bytes);
      return false;
    }
    return true;
  }

  /** True if a client that holds so many bytes, counted already, has to give the bytes up. */
  public boolean isSpentFor(long bytes) {
    return taken.get() > (bytes > LITTLE ? most / 4 * 3 : most);
  }

  /**
   * True if a client is to be cut off: memory is short, and the client doesn't take its answers, so
   * that an error wouldn't arrive either. When memory is nearly spent, nobody has time to take
   * them.
   */
  public boolean isTooMuchFor(Endpoint client) {
    int held = client.held();
    return held > IoLimits.HELD
        && isSpentFor(held)
        && (taken.get() > most / 8 * 7 || held > Endpoint.MAX_UNSENT || client.isStalled());
  }
}
