package doorbell.client;

import static java.lang.System.Logger.Level.WARNING;

import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A loop until cancelled: asks an application, delivers the answer, waits for the events that the
 * answer names, and asks again. Nothing that the application or the node does ends the loop. One
 * step follows the other, so the fields need no lock.
 */
final class Follow {
  private static final System.Logger LOG = System.getLogger("doorbell.client");

  private static final int MOST_RUNG = 1_000;

  private record Event(NodeUrl node, EventId id) {}

  private final Doorbell doorbell;
  private final RetryPolicy pace;
  private final HttpRequest application;
  private final Consumer<? super HttpResponse<String>> onAnswer;
  private final Consumer<? super Throwable> onError;
  private final StepChain<Void> steps = new StepChain<>();
  private final Set<String> told = new HashSet<>();

  /** Events that are set: another wait for such an event would ask in a circle. */
  private final Set<Event> rung = new LinkedHashSet<>();

  private int failures;

  Follow(
      Doorbell doorbell,
      HttpRequest application,
      Consumer<? super HttpResponse<String>> onAnswer,
      Consumer<? super Throwable> onError) {
    this.doorbell = doorbell;
    this.pace = doorbell.pace();
    this.application = application;
    this.onAnswer = onAnswer;
    this.onError = onError;
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
    String uri = application.uri().toString();
    if (response == null) {
      Failure failure = Failure.ofNoAnswer(uri, error);
      failed(failure.kind(), failure.error(), Duration.ZERO);
      return;
    }
    Answer answer = new Answer(response);
    if (!answer.isSuccess()) {
      failed("answers " + answer.status(), answer.refusal(), answer.retryAfter());
    } else if (isDelivered(response)) {
      waitFor(response);
    }
  }

  private boolean isDelivered(HttpResponse<String> response) {
    try {
      onAnswer.accept(response);
      return true;
    } catch (RuntimeException e) {
      failed("not taken", e, Duration.ZERO);
      return false;
    }
  }

  private void waitFor(HttpResponse<String> response) {
    List<String> fields = response.headers().allValues(Doorbell.HEADER);
    try {
      if (fields.isEmpty()) {
        throw new IllegalArgumentException("There is no header " + Doorbell.HEADER + ".");
      }
      WaitHeader named = WaitHeader.read(fields, response.uri(), doorbell.node());
      for (EventId id : named.ids()) {
        if (rung.contains(new Event(named.node(), id))) {
          throw new IllegalArgumentException(
              "The answer names " + id + ", which is set already; name a new event.");
        }
      }
      Duration look = pace.jittered(Options.LOOK);
      steps.next(
          doorbell.at(named).waitAny(named.ids(), look),
          (set, failure) -> waited(named.node(), set, failure));
    } catch (IllegalArgumentException e) {
      failed("names no event", e, Duration.ZERO);
    }
  }

  private void waited(NodeUrl node, @Nullable Set<EventId> set, @Nullable Throwable failure) {
    if (failure != null && !(failure instanceof TimeoutException)) {
      failed("bell", failure, Duration.ZERO);
      return;
    }
    if (set != null) {
      set.forEach(id -> rung.add(new Event(node, id)));
      while (rung.size() > MOST_RUNG) {
        rung.remove(rung.iterator().next());
      }
    }
    failures = 0;
    ask();
  }

  private void failed(String kind, Throwable failure, Duration retryAfter) {
    if (told.add(kind)) {
      LOG.log(
          WARNING,
          "{0}: {1} (asking again now and then; said once)",
          application.uri(),
          failure.getMessage() == null ? failure.toString() : failure.getMessage());
    }
    try {
      onError.accept(failure);
    } catch (RuntimeException e) {
      LOG.log(WARNING, "An error of " + application.uri() + " was not taken.", e);
    }
    Duration ordinary = pace.backoff(++failures);
    Duration asked = pace.spread(retryAfter);
    steps.pause(pace, ordinary.compareTo(asked) > 0 ? ordinary : asked, this::ask);
  }
}
