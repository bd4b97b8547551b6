package doorbell.client;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;

/**
 * A clock that is moved by hand, with chance always in the middle. As with the JDK's before Java
 * 21, a timer that is cancelled stays on it.
 */
final class HandClock {
  static {
    Awaitility.setDefaultPollDelay(Duration.ZERO);
    Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
  }

  private record Timer(Duration delay, long due, CompletableFuture<Boolean> future) {}

  final RetryPolicy pace = new RetryPolicy(() -> 0.5, this::nanos, this::timer);
  private final List<Timer> timers = new CopyOnWriteArrayList<>();
  private long nanos = 1;

  Doorbell doorbell(FakeNode node) {
    return doorbell(node.uri(""));
  }

  Doorbell doorbell(URI node) {
    return doorbell(List.of(node));
  }

  Doorbell doorbell(List<URI> nodes) {
    return new Doorbell(NodeUrl.Nodes.of(nodes), Options.usual(), pace);
  }

  /** The lengths of the timers that are on the clock. */
  List<Duration> pending() {
    return timers.stream()
        .filter(t -> !t.future().isDone() || t.future().isCancelled())
        .map(Timer::delay)
        .toList();
  }

  void advance(Duration duration) {
    long now = moved(duration.toNanos());
    timers.stream().filter(t -> t.due() <= now).forEach(t -> t.future().complete(true));
  }

  /** Awaits a pause of that length and lets it pass. */
  void pass(Duration pause) {
    awaitPending(pause);
    advance(pause);
  }

  void awaitPending(Duration pause) {
    await("a pause of " + pause).until(() -> pending().contains(pause));
  }

  /** The thread that sees a request end takes its timer off the clock, maybe after it told us. */
  void awaitNonePending() {
    await("no timer").until(() -> pending().isEmpty());
  }

  private synchronized long moved(long by) {
    return nanos += by;
  }

  private synchronized long nanos() {
    return nanos;
  }

  private CompletableFuture<Boolean> timer(Duration delay) {
    CompletableFuture<Boolean> future = new CompletableFuture<>();
    timers.add(new Timer(delay, nanos() + delay.toNanos(), future));
    return future;
  }
}
