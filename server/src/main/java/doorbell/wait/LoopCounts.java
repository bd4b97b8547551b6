package doorbell.wait;

import static java.util.Objects.requireNonNull;

import doorbell.count.Counter;
import doorbell.count.Histogram;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What happened on one loop, in numbers. The loop's thread counts; any thread may read. A parked
 * wait has no field for these: the time to a wake is taken for all that are woken together, and the
 * time of a wait comes from its deadline.
 */
public final class LoopCounts {
  /** The protocol that a wait is parked over. */
  public enum Via {
    HTTP1,
    HTTP2,
    WEBSOCKET
  }

  private static final long MICROSECOND = 1_000;
  private static final long SECOND = 1_000_000_000;

  /** Buckets of times up to 16 s, beginning with a microsecond. */
  private static final int SHORT_BUCKETS = 25;

  /** Buckets of times up to twelve days, beginning with a second. */
  private static final int LONG_BUCKETS = 21;

  private static final int LEAST_ERROR = 400;
  private static final int ERRORS = 200;

  /** Waiters that were woken. */
  public final Counter wakes = new Counter();

  /** Sets that were the first of their event, sets of events set before, and failed sets. */
  public final Counter firstSets = new Counter();

  public final Counter repeatedSets = new Counter();
  public final Counter failedSets = new Counter();

  /** The time from a set to the answers of its waiters. */
  public final Histogram setToWake = new Histogram(MICROSECOND, SHORT_BUCKETS);

  /** The time for which ended waits over HTTP were parked, to a second. */
  public final Histogram hold = new Histogram(SECOND, LONG_BUCKETS);

  /** Nanoseconds by which the loop's last regular look was late. */
  public final Counter lag = new Counter();

  /** The time at which the next regular look is due, in the loop's nanoseconds; 0 before any. */
  public final Counter nextLook = new Counter();

  private final Map<Via, Counter> parked = new EnumMap<>(Via.class);
  private final Counter[] refusals =
      Stream.generate(Counter::new).limit(ERRORS).toArray(Counter[]::new);

  public LoopCounts() {
    for (Via via : Via.values()) {
      parked.put(via, new Counter());
    }
  }

  /** The ids of waits that are parked now over a protocol. */
  public Counter parked(Via via) {
    return requireNonNull(parked.get(via));
  }

  /** The requests that were refused with an HTTP status from 400 to 599. */
  public Counter refusals(int status) {
    return refusals[status - LEAST_ERROR];
  }

  /** Counts a response that is an error. */
  public void onAnswer(int status) {
    if (status >= LEAST_ERROR) {
      refusals(status).add(1);
    }
  }

  /** Counts a set that was stored, or couldn't be. */
  public void onStored(@Nullable Boolean first, @Nullable Throwable cause) {
    Counter kind =
        cause != null ? failedSets : Boolean.TRUE.equals(first) ? firstSets : repeatedSets;
    kind.add(1);
  }
}
