package doorbell.http;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes that clients make the node hold beside their parked waits: unfinished requests, answers
 * that are not taken, streams, messages, TLS records. The last quarter is for those who hold
 * little, so that large bodies don't keep small requests out. Any thread.
 */
final class Budget {
  private final long most;
  private final AtomicLong taken = new AtomicLong();

  Budget(long most) {
    this.most = most;
  }

  long taken() {
    return taken.get();
  }

  /** Counts bytes that are held in any case; a negative number gives them back. */
  void count(long bytes) {
    taken.addAndGet(bytes);
  }

  /** Takes bytes, to be given back by {@link #count}; or refuses, and then takes none. */
  void take(long bytes) throws HttpError {
    count(bytes);
    if (isSpentFor(bytes)) {
      count(-bytes);
      throw refused();
    }
  }

  /** Whether a client that holds so many bytes, counted already, has to give them up. */
  boolean isSpentFor(long bytes) {
    return taken.get() > (bytes > Limits.LITTLE ? most / 4 * 3 : most);
  }

  static HttpError refused() {
    return HttpError.forNow(503, "this node holds as much for its clients as it may; try later");
  }
}
