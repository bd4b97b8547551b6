package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A request to a node, tried again and again until answered: a wait or a set. One step follows the
 * other, so the fields need no lock.
 *
 * <pre>
 *         set, refused, late
 *   ask ─────────────────────▶ done
 *    ▲│ held and not yet: at once
 *    └┘ failed, or not yet too soon: after a pause that grows
 * </pre>
 */
final class RetryLoop<T> {
  /** A request to hold for a time; another attempt may ask at another address. */
  interface Request {
    HttpRequest of(Duration hold, int attempt) throws UnknownHostException;
  }

  /**
   * @param name the event or events, in words for a message
   * @param hold the longest time that the node may keep the answer back; zero for a set
   * @param reader completes the future, and returns true, if the answer fits this question
   */
  record Question<T>(
      String name,
      Duration hold,
      Request request,
      BiPredicate<Answer, CompletableFuture<T>> reader) {
    boolean isWait() {
      return !hold.isZero();
    }
  }

  private final Doorbell doorbell;
  private final RetryPolicy pace;
  private final Question<T> question;
  private final Duration limit;
  private final StepChain<T> steps = new StepChain<>();
  private final long began;
  private long asked;
  private Duration hold = Duration.ZERO;
  private int failures;
  private volatile @Nullable Throwable failure; // read when the limit is over, by another thread

  RetryLoop(Doorbell doorbell, Question<T> question, Duration limit) {
    this.doorbell = doorbell;
    this.pace = doorbell.pace();
    this.question = question;
    this.limit = limit;
    this.began = pace.nanos().getAsLong();
  }

  CompletableFuture<T> start() {
    if (!limit.equals(Options.NO_LIMIT)) {
      // A wait ends by the node's answer, which may be on the way.
      Duration grace = question.isWait() ? Options.GRACE : Duration.ZERO;
      pace.atLatest(steps.done, limit.plus(grace), this::late);
    }
    ask();
    return steps.done;
  }

  private void ask() {
    asked = pace.nanos().getAsLong();
    hold = shorter(pace.jittered(question.hold()), left());
    CompletableFuture<HttpResponse<String>> exchange;
    try {
      HttpRequest request = question.request().of(hold, failures);
      exchange = doorbell.http().sendAsync(request, head -> new LimitedBody());
    } catch (UnknownHostException e) {
      failed(Failure.ofNoAnswer(node(), e));
      return;
    }
    steps.next(pace.hangUpAfter(hold.plus(Options.ANSWER), exchange), this::answered);
  }

  private void answered(@Nullable HttpResponse<String> response, @Nullable Throwable error) {
    if (response == null) {
      failed(Failure.ofNoAnswer(node(), error));
      return;
    }
    Answer answer = new Answer(response);
    if (answer.isNotYet() && question.isWait()) {
      notYet();
    } else if (!answer.isSuccess() || !question.reader().test(answer, steps.done)) {
      failed(Failure.of(answer));
    }
  }

  private void notYet() {
    if (left().isZero()) {
      steps.done.completeExceptionally(new TimeoutException(notInTime()));
    } else if (since(asked).compareTo(shorter(Options.SOON, hold.dividedBy(2))) < 0) {
      steps.pause(pace, shorter(pace.backoff(++failures), left()), this::ask);
    } else {
      failure = null;
      failures = 0;
      ask();
    }
  }

  private void failed(Failure why) {
    failure = why.error();
    if (!why.mayPass()) {
      steps.done.completeExceptionally(why.error());
      return;
    }
    why.tell(node());
    Duration pause = pace.backoff(++failures);
    if (!question.isWait()) {
      pause = shorter(pause, limit.dividedBy(Options.TRIES));
    }
    pause = longer(pause, pace.spread(why.retryAfter()));
    Duration left = left();
    // A wait asks at the last moment too; a set that doesn't fit is given up.
    if (left.isZero() || (!question.isWait() && pause.compareTo(left) >= 0)) {
      late();
    } else {
      steps.pause(pace, shorter(pause, left), this::ask);
    }
  }

  private void late() {
    Throwable why = failure;
    Throwable cause = why == null ? Failure.ofNoAnswer(node(), null).error() : why;
    if (question.isWait()) {
      steps.done.completeExceptionally(new TimeoutException(notInTime()).initCause(cause));
    } else {
      String sentence =
          "Could not set " + question.name() + " in " + Options.seconds(limit) + " s: ";
      steps.done.completeExceptionally(DoorbellException.of(sentence, cause));
    }
  }

  private String notInTime() {
    return question.name() + " was not set within " + Options.seconds(limit) + " s.";
  }

  private String node() {
    return doorbell.node().toString();
  }

  private Duration left() {
    Duration left = limit.minus(since(began));
    return left.isNegative() ? Duration.ZERO : left;
  }

  private Duration since(long nanos) {
    return Duration.ofNanos(pace.nanos().getAsLong() - nanos);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /**
   * An answer's body as text. A body past a node's longest is cut off, since a stray server may
   * send gigabytes; the text is then a sentence that says so.
   */
  private static final class LimitedBody implements BodySubscriber<String> {
    private final BodySubscriber<String> text = BodySubscribers.ofString(UTF_8);
    private final CompletableFuture<String> cut = new CompletableFuture<>();
    private @Nullable Subscription subscription;
    private int bytes;

    @Override
    public void onSubscribe(Subscription subscription) {
      this.subscription = subscription;
      text.onSubscribe(subscription);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        bytes += buffer.remaining();
      }
      if (bytes <= Options.ANSWER_BYTES) {
        text.onNext(buffers);
      } else if (subscription != null) {
        subscription.cancel();
        cut.complete("An answer of more than " + Options.ANSWER_BYTES + " bytes.");
      }
    }

    @Override
    public void onError(Throwable error) {
      text.onError(error);
    }

    @Override
    public void onComplete() {
      text.onComplete();
    }

    @Override
    public CompletionStage<String> getBody() {
      return text.getBody().applyToEither(cut, body -> body);
    }
  }
}
