package doorbell.client;

import static java.lang.System.Logger.Level.DEBUG;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A question put to a node again and again until it is answered: a wait or a set. One step follows
 * the other, so the fields need no lock.
 *
 * <pre>
 *         set, refused, late
 *   ask ─────────────────────▶ done
 *    ▲│ held and not yet: at once
 *    └┘ failed, or not yet too soon: after a pause that grows
 * </pre>
 */
final class Asking<T> {
  /**
   * @param name what is waited for or set
   * @param hold how long the node may keep the answer back; zero for a set
   * @param request asks to hold for the time given
   * @param reader completes the future, and is true, where the answer is one to this question
   */
  record Question<T>(
      String name,
      Duration hold,
      Function<Duration, HttpRequest> request,
      BiPredicate<Answer, CompletableFuture<T>> reader) {
    boolean isWait() {
      return !hold.isZero();
    }
  }

  private static final System.Logger LOG = System.getLogger("doorbell.client");

  private final HttpClient http;
  private final Pace pace;
  private final Question<T> question;
  private final Duration limit;
  private final Steps<T> steps = new Steps<>();
  private final long began;
  private long asked;
  private Duration hold = Duration.ZERO;
  private int failures;
  private volatile @Nullable Throwable failure; // read when it is late, by the timer's thread

  Asking(HttpClient http, Pace pace, Question<T> question, Duration limit) {
    this.http = http;
    this.pace = pace;
    this.question = question;
    this.limit = limit;
    this.began = pace.nanos().getAsLong();
  }

  CompletableFuture<T> start() {
    if (!limit.equals(Options.NO_LIMIT)) {
      // A wait's end comes from the node, so it may be on its way.
      Duration grace = question.isWait() ? Options.GRACE : Duration.ZERO;
      pace.atLatest(steps.done, limit.plus(grace), this::late);
    }
    ask();
    return steps.done;
  }

  private void ask() {
    asked = pace.nanos().getAsLong();
    hold = shorter(pace.jittered(question.hold()), left());
    var exchange = http.sendAsync(question.request().apply(hold), head -> new ShortBody());
    steps.next(pace.hangUpAfter(hold.plus(Options.ANSWER), exchange), this::answered);
  }

  private void answered(@Nullable HttpResponse<String> response, @Nullable Throwable error) {
    if (response == null) {
      askAgain(noAnswer(error), Duration.ZERO);
      return;
    }
    Answer answer = new Answer(response);
    if (answer.isNotYet() && question.isWait()) {
      notYet();
    } else if (answer.isSuccess()) {
      if (!question.reader().test(answer, steps.done)) {
        askAgain(answer.nonsense(), Duration.ZERO);
      }
    } else if (answer.isPassing()) {
      askAgain(answer.refusal(), answer.retryAfter());
    } else {
      steps.done.completeExceptionally(answer.refusal());
    }
  }

  private void notYet() {
    if (left().isZero()) {
      late();
    } else if (since(asked).compareTo(shorter(Options.SOON, hold.dividedBy(2))) < 0) {
      steps.pause(pace, pace.backoff(++failures), this::ask);
    } else {
      failures = 0;
      ask();
    }
  }

  private void askAgain(Throwable failure, Duration retryAfter) {
    this.failure = failure;
    Duration pause = retryAfter.plus(pace.backoff(++failures));
    LOG.log(DEBUG, () -> question.name() + ": again in " + pause + ", " + failure);
    steps.pause(pace, pause, this::ask);
  }

  private void late() {
    String sentence = question.name() + " was not set within " + limit + ".";
    Throwable cause = failure;
    Exception late =
        question.isWait() ? new TimeoutException(sentence) : DoorbellException.of(sentence, cause);
    if (question.isWait() && cause != null) {
      late.initCause(cause);
    }
    steps.done.completeExceptionally(late);
  }

  private static Throwable noAnswer(@Nullable Throwable error) {
    // The exchange was hung up by the alarm, since the caller's own hang-up ends the steps.
    return error == null || error instanceof CancellationException
        ? new IOException("The node is silent.")
        : error;
  }

  private Duration left() {
    Duration left = limit.minus(since(began));
    return left.isNegative() ? Duration.ZERO : left;
  }

  private Duration since(long nanos) {
    return Duration.ofNanos(pace.nanos().getAsLong() - nanos);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
