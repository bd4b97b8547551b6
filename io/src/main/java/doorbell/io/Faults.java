package doorbell.io;

import doorbell.count.Seldom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles exceptions and errors that one client's bytes cause: a fault costs that client the
 * connection, and other clients nothing. Any thread may call.
 */
public class Faults {
  private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

  /** Time between two log lines; faults in between are counted. */
  private static final int LOG_EVERY_SECONDS = 10;

  private final Consumer<Throwable> onHeapSpent;
  private final Seldom log = new Seldom(LOG_EVERY_SECONDS);
  private final AtomicLong untold = new AtomicLong();

  /** {@code onHeapSpent} hears of an error after which the node can't go on. */
  public Faults(Consumer<Throwable> onHeapSpent) {
    this.onHeapSpent = onHeapSpent;
  }

  /** Cuts off the client that caused {@code fault}. Throws nothing. */
  public void cut(Endpoint client, Throwable fault) {
    try {
      tell(fault);
      client.cut();
    } catch (Throwable another) {
      tell(another);
    }
  }

  /** Logs a fault, in a bounded number of lines. */
  public void tell(Throwable fault) {
    if (log.isDue()) {
      LOG.warn("a connection failed and is closed (and {} before it)", untold.getAndSet(0), fault);
    } else {
      untold.incrementAndGet();
    }
    // Netty throws a subclass for direct memory, which comes back.
    if (fault.getClass() == OutOfMemoryError.class) {
      onHeapSpent.accept(fault);
    }
  }
}
