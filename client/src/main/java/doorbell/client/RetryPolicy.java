package doorbell.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Retry times, with clock and chance handed in so that a test moves the clock.
 *
 * @param timer makes a future that is true when the time has come. Completing that future with
 *     false takes the alarm off the clock; cancelling would leave the alarm there before Java 21.
 */
record RetryPolicy(
    DoubleSupplier random,
    LongSupplier nanos,
    Function<Duration, CompletableFuture<Boolean>> timer) {
  static final RetryPolicy REAL =
      new RetryPolicy(
          () -> ThreadLocalRandom.current().nextDouble(),
          System::nanoTime,
          delay ->
              new CompletableFuture<Boolean>()
                  .completeOnTimeout(true, delay.toMillis(), TimeUnit.MILLISECONDS));

  /**
   * A retry time between once and twice that time, so that a crowd that was sent away doesn't
   * return at one moment.
   */
  Duration spread(Duration retryAfter) {
    return Duration.ofMillis((long) (retryAfter.toMillis() * (1 + random.getAsDouble())));
  }

  /** A retry pause with full jitter: up to 1 s after the first failure, up to 30 s after many. */
  Duration backoff(int failures) {
    long longest = Options.FIRST_PAUSE.toMillis() << Math.min(failures - 1, 20);
    longest = Math.min(longest, Options.LONGEST_PAUSE.toMillis());
    return Duration.ofMillis((long) (longest * random.getAsDouble()));
  }

  /** A time up to a fifth shorter, so that a crowd that began together doesn't stay together. */
  Duration jittered(Duration longest) {
    return Duration.ofMillis((long) (longest.toMillis() * (1 - random.getAsDouble() / 5)));
  }

  /** Runs {@code late} unless the future is done within the limit. */
  void atLatest(CompletableFuture<?> future, Duration limit, Runnable late) {
    CompletableFuture<Boolean> alarm = timer.apply(limit);
    onTime(alarm, late);
    var unused = future.whenComplete((value, error) -> alarm.complete(false));
  }

  /** Runs the action when the time has come, and not on the clock's own thread. */
  static void onTime(CompletableFuture<Boolean> alarm, Runnable action) {
    var unused =
        alarm.thenAccept(
            due -> {
              if (due) {
                var unusedRun = CompletableFuture.runAsync(action);
              }
            });
  }

  /** Hangs up on an exchange that isn't over within the limit, body and all. */
  <R> CompletableFuture<R> hangUpAfter(Duration limit, CompletableFuture<R> exchange) {
    atLatest(exchange, limit, () -> exchange.cancel(true));
    return exchange;
  }
}
