package doorbell.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A chain of steps behind a future, {@link #done}. Cancelling or completing that future ends the
 * step under way (a request is hung up, a pause leaves the clock), and no other step follows.
 * Between steps nothing stands by.
 */
final class StepChain<T> {
  final CompletableFuture<T> done = new CompletableFuture<>();
  private volatile Runnable end = () -> {}; // of the step under way

  StepChain() {
    var unused = done.whenComplete((value, error) -> end.run());
  }

  /** Runs {@code then} after the step; either the result or the failure is null. */
  <R> void next(CompletableFuture<R> step, BiConsumer<@Nullable R, @Nullable Throwable> then) {
    begin(() -> step.cancel(true));
    var unused = step.whenComplete((value, error) -> run(() -> then.accept(value, cause(error))));
  }

  void pause(RetryPolicy pace, Duration pause, Runnable then) {
    CompletableFuture<Boolean> alarm = pace.timer().apply(pause);
    begin(() -> alarm.complete(false)); // first: a short pause may be over before the next line
    RetryPolicy.onTime(alarm, () -> run(then));
  }

  private void begin(Runnable endOfStep) {
    end = endOfStep;
    if (done.isDone()) { // just now: that ended the step before
      endOfStep.run();
    }
  }

  private void run(Runnable then) {
    if (done.isDone()) {
      return;
    }
    try {
      then.run();
    } catch (Throwable e) { // else the future would never be done
      done.completeExceptionally(e);
    }
  }

  private static @Nullable Throwable cause(@Nullable Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : null;
    return cause == null ? error : cause;
  }
}
