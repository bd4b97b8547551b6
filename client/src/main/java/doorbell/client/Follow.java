package doorbell.client;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Asks an application, delivers the answer, waits for the event that it names, and asks again,
 * until it is cancelled. Nothing that the application or the node does ends it. One step follows
 * the other, so the fields need no lock.
 */
final class Follow {
  private static final System.Logger LOG = System.getLogger("doorbell.client");

  private final Doorbell doorbell;
  private final Pace pace;
  private final HttpRequest application;
  private final Consumer<? super HttpResponse<String>> onAnswer;
  private final Steps<Void> steps = new Steps<>();
  private String rung = "";
  private int failures;

  Follow(
      Doorbell doorbell, HttpRequest application, Consumer<? super HttpResponse<String>> onAnswer) {
    this.doorbell = doorbell;
    this.pace = doorbell.pace();
    this.application = application;
    this.onAnswer = onAnswer;
  }

  CompletableFuture<Void> start() {
    ask();
    return steps.done;
  }

  private void ask() {
    Duration limit = application.timeout().orElse(Options.APPLICATION);
    var exchange = doorbell.http().sendAsync(application, BodyHandlers.ofString());
    steps.next(pace.hangUpAfter(limit, exchange), this::answered);
  }

  private void answered(@Nullable HttpResponse<String> response, @Nullable Throwable error) {
    if (response == null) {
      askLater(String.valueOf(error), Duration.ZERO);
      return;
    }
    Answer answer = new Answer(response);
    if (!answer.isSuccess() || !isDelivered(response)) {
      askLater("status " + answer.status(), answer.retryAfter());
      return;
    }
    String event = response.headers().firstValue(Doorbell.HEADER).orElse("").strip();
    var wait = event.equals(rung) ? null : waitFor(event); // else an old event asks in a circle
    if (wait == null) {
      askLater("no new event: " + event, Duration.ZERO);
    } else {
      steps.next(wait, (set, failure) -> waited(event, failure));
    }
  }

  private void waited(String event, @Nullable Throwable failure) {
    if (failure != null && !(failure instanceof TimeoutException)) {
      askLater(failure, Duration.ZERO);
      return;
    }
    rung = failure == null ? event : "";
    failures = 0;
    ask();
  }

  private void askLater(Object why, Duration retryAfter) {
    Duration pause = retryAfter.plus(pace.backoff(++failures));
    LOG.log(DEBUG, () -> application.uri() + ": again in " + pause + ", " + why);
    steps.pause(pace, pause, this::ask);
  }

  private boolean isDelivered(HttpResponse<String> response) {
    try {
      onAnswer.accept(response);
      return true;
    } catch (RuntimeException e) {
      LOG.log(WARNING, "The answer of " + application.uri() + " was not taken.", e);
      return false;
    }
  }

  /** Null where no event is named. */
  private @Nullable CompletableFuture<Set<EventId>> waitFor(String event) {
    int cut = event.lastIndexOf('/');
    try {
      Set<EventId> ids =
          Stream.of(event.substring(cut + 1).split(","))
              .map(EventId::of)
              .collect(Collectors.toSet());
      Doorbell node = doorbell;
      if (cut >= 0) {
        node = doorbell.elsewhere(application.uri().resolve(event.substring(0, cut + 1)));
      }
      return node.waitAny(ids, pace.jittered(Options.LOOK));
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }
}
