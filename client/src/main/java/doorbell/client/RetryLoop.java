package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.UnknownHostException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A request to a node, or to the next of several, tried again and again until answered: a wait or a
 * set. One step follows the other, so the fields need no lock.
 *
 * <pre>
 *         set, refused, late
 *   ask ─────────────────────▶ done
 *    ▲│ held and not yet, or failed and there is another node: at once
 *    └┘ failed, or not yet too soon: after a pause that grows
 * </pre>
 */
final class RetryLoop<T> {
  /** A request to hold for a time; another attempt may ask at another address of that node. */
  interface Request {
    HttpRequest of(NodeUrl node, Duration hold, int attempt) throws UnknownHostException;
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
  private final NodeUrl.Nodes nodes;
  private final RetryPolicy pace;
  private final Question<T> question;
  private final Duration limit;
  private final Duration whole; // a wait ends by the node's answer, which may be on the way then
  private final StepChain<T> steps = new StepChain<>();
  private final long began;
  private long asked;
  private Duration hold = Duration.ZERO;
  private int failures;
  private @Nullable NodeUrl heard; // the node that has just held this wait as it should
  private int first; // in a round, in which each node has a try
  private Duration retryAfter = Duration.ZERO; // the longest of the round

  // These two are read when the limit is over, by another thread.
  private volatile NodeUrl node;
  private volatile Map<NodeUrl, Throwable> tried = Map.of(); // the last failure of each, in order

  RetryLoop(Doorbell doorbell, Question<T> question, Duration limit) {
    this.doorbell = doorbell;
    this.nodes = doorbell.nodes();
    this.node = doorbell.node();
    this.pace = doorbell.pace();
    this.question = question;
    this.limit = limit;
    this.whole =
        !question.isWait() || limit.equals(Options.NO_LIMIT) ? limit : limit.plus(Options.GRACE);
    this.began = pace.nanos().getAsLong();
  }

  CompletableFuture<T> start() {
    if (!limit.equals(Options.NO_LIMIT)) {
      pace.atLatest(steps.done, whole, this::late);
    }
    ask();
    return steps.done;
  }

  private void ask() {
    if (failures % nodes.size() == 0) {
      first = nodes.first();
      retryAfter = Duration.ZERO;
    }
    node = nodes.at(first + failures % nodes.size());
    asked = pace.nanos().getAsLong();
    hold = shorter(pace.jittered(longestHold()), left());
    CompletableFuture<HttpResponse<String>> exchange;
    try {
      HttpRequest request = question.request().of(node, hold, failures / nodes.size());
      exchange = doorbell.http().sendAsync(request, head -> new LimitedBody());
    } catch (UnknownHostException e) {
      failed(Failure.ofNoAnswer(node.toString(), e));
      return;
    }
    steps.next(pace.hangUpAfter(patience(), exchange), this::answered);
  }

  private Duration longestHold() {
    Duration longest = question.hold();
    return nodes.size() == 1 || node.equals(heard)
        ? longest
        : shorter(longest, shorter(Options.FIRST_HOLD, part().dividedBy(2)));
  }

  private Duration patience() {
    Duration longest = hold.plus(Options.ANSWER);
    return node.equals(heard) ? longest : shorter(longest, part());
  }

  /** An equal part of the time left for each node not tried yet; the last has until the end. */
  private Duration part() {
    int untried = nodes.size() - failures % nodes.size();
    return untried == 1 ? Options.NO_LIMIT : left(whole).dividedBy(untried);
  }

  private void answered(@Nullable HttpResponse<String> response, @Nullable Throwable error) {
    if (response == null) {
      failed(Failure.ofNoAnswer(node.toString(), error));
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
      if (!isNextNodesTurn()) {
        // Another node of the round may have said when to come again.
        Duration pause = longer(backoff(), pace.spread(retryAfter));
        steps.pause(pace, shorter(pause, left()), this::ask);
      }
    } else {
      tried = Map.of();
      failures = 0;
      heard = node;
      ask();
    }
  }

  private void failed(Failure why) {
    remember(why.error());
    if (!why.mayPass()) {
      steps.done.completeExceptionally(failure(tried));
      return;
    }
    why.tell(node.toString());
    retryAfter = longer(retryAfter, why.retryAfter());
    if (isNextNodesTurn()) {
      return;
    }
    Duration pause = backoff();
    if (!question.isWait()) {
      pause = shorter(pause, limit.dividedBy(Options.TRIES));
    }
    pause = longer(pause, pace.spread(retryAfter));
    Duration left = left();
    // A wait asks at the last moment too; a set that doesn't fit is given up.
    if (left.isZero() || (!question.isWait() && pause.compareTo(left) >= 0)) {
      late();
    } else {
      steps.pause(pace, shorter(pause, left), this::ask);
    }
  }

  /** Asks the next node after a failure, unless all had their try or the time is over. */
  private boolean isNextNodesTurn() {
    nodes.failed(node);
    heard = null;
    boolean isNext = ++failures % nodes.size() != 0 && (question.isWait() || !left().isZero());
    if (isNext) {
      ask();
    }
    return isNext;
  }

  private Duration backoff() {
    return pace.backoff(Math.max(1, failures / nodes.size()));
  }

  private void remember(Throwable error) {
    Map<NodeUrl, Throwable> all = new LinkedHashMap<>(tried);
    all.remove(node); // the last failure is told last
    all.put(node, error);
    tried = all;
  }

  /** The failure of the only node, or a failure that names each node with the reason. */
  private Throwable failure(Map<NodeUrl, Throwable> all) {
    Throwable last = List.copyOf(all.values()).get(all.size() - 1);
    if (nodes.size() == 1) {
      return last;
    }
    String reasons =
        all.entrySet().stream()
            .map(entry -> reason(entry.getKey().toString(), entry.getValue()))
            .collect(Collectors.joining("; ", "", "."));
    return DoorbellException.of(reasons, last);
  }

  private static String reason(String node, Throwable error) {
    String reason = String.valueOf(error.getMessage()).replaceFirst("\\.$", "");
    return reason.contains(node) ? reason : node + ": " + reason;
  }

  private void late() {
    nodes.failed(node); // the node may have hung until now
    Map<NodeUrl, Throwable> all = new LinkedHashMap<>(tried);
    all.computeIfAbsent(node, silent -> Failure.ofNoAnswer(silent.toString(), null).error());
    Throwable cause = failure(all);
    if (question.isWait()) {
      steps.done.completeExceptionally(new TimeoutException(notInTime()).initCause(cause));
    } else {
      String sentence =
          "Could not set " + question.name() + " in " + Options.seconds(limit) + " s: ";
      steps.done.completeExceptionally(DoorbellException.of(sentence + cause.getMessage(), cause));
    }
  }

  private String notInTime() {
    return question.name() + " was not set within " + Options.seconds(limit) + " s.";
  }

  private Duration left() {
    return left(limit);
  }

  private Duration left(Duration of) {
    Duration left = of.minus(since(began));
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
