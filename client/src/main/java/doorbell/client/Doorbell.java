package doorbell.client;

import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.SecretKey;

/**
 * Waits for event variables at a Doorbell node, and sets them. Immutable and thread-safe: keep one.
 * A wait costs a connection and no thread.
 *
 * <pre>{@code
 * Doorbell bell = Doorbell.at(URI.create("https://bell.example"));
 * EventId id = EventId.random();
 * CompletableFuture<Void> rung = bell.wait(id);
 * bell.set(id);
 * }</pre>
 *
 * <p>Every future ends its request and everything behind it at once when it is cancelled; cancel
 * the one that you were given, since a future derived from it doesn't tell it. What follows on a
 * future runs on a thread of the common pool or the HttpClient: don't block there.
 *
 * <p>Failures that may pass (no connection, an unknown name, no answer in time, 408, 429, 5xx) are
 * tried again after a random pause of up to 1 s, twice that each time, up to 30 s, or once to twice
 * the time of {@code Retry-After}. The log {@code doorbell.client} has a line for the first of each
 * kind. All else completes the future with a {@link DoorbellException} at once: a certificate that
 * isn't trusted, a redirect, any other refusal, an answer that isn't a node's.
 *
 * <p>To set from within a web request, commit first, wait for the set, which takes 1 s at most, and
 * go on where it fails, since pages look again by themselves. On App Engine too (Java 17 and
 * later): set before the request ends, because an instance may get no time between requests.
 *
 * <pre>{@code
 * boolean isSet = bell.set(id).handle((first, failure) -> failure == null).join();
 * }</pre>
 */
public final class Doorbell {
  /** Names, in an application's answer, the event that is set when the answer is out of date. */
  public static final String HEADER = "Doorbell-Wait";

  private final NodeUrl node;
  private final Options options;
  private final RetryPolicy pace;

  Doorbell(NodeUrl node, Options options, RetryPolicy pace) {
    this.node = node;
    this.options = options;
    this.pace = pace;
  }

  /**
   * The node at that URL, with every option as it is by default.
   *
   * @param node where the node answers: {@code https://bell.example} or {@code
   *     https://example.com/doorbell}
   * @throws IllegalArgumentException where it isn't a plain http or https URL
   */
  public static Doorbell at(URI node) {
    return new Doorbell(NodeUrl.of(node), Options.usual(), RetryPolicy.REAL);
  }

  /**
   * As {@link #at(URI)}, through that client; the shared one isn't made then.
   *
   * @throws IllegalArgumentException also where the client follows redirects
   */
  public static Doorbell at(URI node, HttpClient http) {
    return new Doorbell(NodeUrl.of(node), Options.through(http), RetryPolicy.REAL);
  }

  /**
   * Through that client; by default, one is shared by all Doorbells, with 10 s to connect.
   *
   * @throws IllegalArgumentException where it follows redirects
   */
  public Doorbell withHttpClient(HttpClient http) {
    return with(options.withHttp(http));
  }

  /** How long a node is asked to hold a wait, each time: 1 s to 1 h, 25 s if unset. */
  public Doorbell withHold(Duration hold) {
    return with(options.withHold(hold));
  }

  /**
   * How long a set is tried for: up to 1 day, 1 s if unset, since a visitor may wait for it. In the
   * background, 30 s are enough for a node to restart.
   */
  public Doorbell withPatience(Duration patience) {
    return with(options.withPatience(patience));
  }

  /**
   * Sets by the Doorbell that this returns wake their waiters evenly over that time (up to 1 h), so
   * that a crowd doesn't come to the application at one moment.
   */
  public Doorbell withSpread(Duration spread) {
    return with(options.withSpread(spread));
  }

  /**
   * With the secret that {@link #topic} derives from. It is the application's own: every process
   * that hands out or sets its topics has the same one, and nobody else.
   *
   * @throws IllegalArgumentException where it is empty
   */
  public Doorbell withSecret(String secret) {
    return with(options.withSecret(Options.secret(secret)));
  }

  /**
   * With the URL by which readers of the application's answers find the node, for {@link #header}:
   * the application itself may know it by another, as behind a proxy.
   *
   * @throws IllegalArgumentException where it isn't a plain http or https URL
   */
  public Doorbell withPublicUrl(URI node) {
    return with(options.withReaders(NodeUrl.of(node)));
  }

  /**
   * With nodes beside this one that {@link #follow} may ask where an application names them, since
   * an application that names any host would have this process ask there.
   *
   * @param origins such as {@code https://bell.example}; a path counts for nothing
   */
  public Doorbell withOrigins(URI... origins) {
    return with(
        options.withOrigins(
            Stream.of(origins).map(url -> NodeUrl.of(url).origin()).collect(Collectors.toSet())));
  }

  /**
   * The topic of that name, whose versions have ids and keys without a table of them.
   *
   * @throws IllegalStateException where there is no secret: {@link #withSecret}
   */
  public Topic topic(String name) {
    SecretKey secret = options.secret();
    if (secret == null) {
      throw new IllegalStateException("A topic needs a secret: call withSecret first.");
    }
    return new Topic(secret, name);
  }

  /**
   * What an application's answer carries in the header {@link #HEADER}: the events of which any
   * makes the answer untrue, with the URL of {@link #withPublicUrl} where there is one. {@code
   * response.setHeader(Doorbell.HEADER, bell.header(id))}
   *
   * @param ids 1 to 64
   */
  public String header(EventId... ids) {
    return WaitHeader.write(options.readers(), some(Arrays.asList(ids)));
  }

  /** Done when the variable is set, however long that takes. */
  public CompletableFuture<Void> wait(EventId id) {
    return waitFor(one(id), Options.NO_LIMIT, (set, done) -> done.complete(null));
  }

  /**
   * Done when the variable is set, or with a {@link TimeoutException} when it isn't in time. Zero
   * only asks. Where no answer comes either, the timeout is 2 s late.
   *
   * @param timeout up to 365 days
   */
  public CompletableFuture<Void> wait(EventId id, Duration timeout) {
    return waitFor(one(id), Options.timeout(timeout), (set, done) -> done.complete(null));
  }

  /**
   * Done when one or more of the variables are set.
   *
   * @param ids 1 to 64
   * @return those that are set by then
   */
  public CompletableFuture<Set<EventId>> waitAny(Collection<EventId> ids) {
    return waitFor(some(ids), Options.NO_LIMIT, (set, done) -> done.complete(set));
  }

  /** As {@link #waitAny(Collection)}, with the timeout of {@link #wait(EventId, Duration)}. */
  public CompletableFuture<Set<EventId>> waitAny(Collection<EventId> ids, Duration timeout) {
    return waitFor(some(ids), Options.timeout(timeout), (set, done) -> done.complete(set));
  }

  /**
   * Sets a variable that isn't sealed.
   *
   * @return true where this call set it, false where it was set already. Where an answer got lost
   *     on its way, the set was tried again, and its own first try may be what set it already.
   */
  public CompletableFuture<Boolean> set(EventId id) {
    return set(EventId.present(id), "");
  }

  /** Sets a sealed variable; for the rest as {@link #set(EventId)}. */
  public CompletableFuture<Boolean> set(SealedId id) {
    return set(EventId.present(id).id(), id.key());
  }

  /**
   * Sets any number of variables that aren't sealed, 10,000 by a request, one request after the
   * other. Where one fails, those before it are set; setting again does no harm.
   */
  public CompletableFuture<SetCount> setAll(Collection<EventId> ids) {
    return setLines(ids.stream().map(id -> EventId.present(id).text()).toList());
  }

  /** Sets any number of sealed variables, as {@link #setAll}. */
  public CompletableFuture<SetCount> setAllSealed(Collection<SealedId> ids) {
    return setLines(ids.stream().map(id -> EventId.present(id).id() + " " + id.key()).toList());
  }

  /** As {@link #follow(HttpRequest, Consumer, Consumer)}, by a plain GET. */
  public CompletableFuture<Void> follow(
      URI application, Consumer<? super HttpResponse<String>> onAnswer) {
    return follow(HttpRequest.newBuilder(application).build(), onAnswer);
  }

  /**
   * Asks an application, delivers its answer, waits for the event that the answer names, and asks
   * again; after 5 minutes at most in any case. The header {@link #HEADER} names the events: ids at
   * this node, or with a URL of the same origin or of {@link #withOrigins}.
   *
   * <p>It never ends by itself. An answer other than 2xx is not delivered, and the application is
   * asked again after a growing pause, as it is where an answer names no event, one that rang
   * before or one elsewhere, or where {@code onAnswer} throws.
   *
   * @param onAnswer called for one answer after the other, never for two at a time
   * @param onError called for each of these failures; the log {@code doorbell.client} has the first
   *     of each kind
   * @return ends it when it is cancelled
   */
  public CompletableFuture<Void> follow(
      HttpRequest application,
      Consumer<? super HttpResponse<String>> onAnswer,
      Consumer<? super Throwable> onError) {
    return new Follow(this, application, onAnswer, onError).start();
  }

  /** As above; failures are in the log alone. */
  public CompletableFuture<Void> follow(
      HttpRequest application, Consumer<? super HttpResponse<String>> onAnswer) {
    return follow(application, onAnswer, failure -> {});
  }

  /**
   * The node that an answer names.
   *
   * @throws IllegalArgumentException where it isn't one that may be asked
   */
  Doorbell at(WaitHeader named) {
    String origin = named.node().origin();
    if (!origin.equals(node.origin()) && !options.origins().contains(origin)) {
      throw new IllegalArgumentException(
          named.node()
              + " is not asked, since it isn't of "
              + node.origin()
              + ": see withOrigins.");
    }
    return new Doorbell(named.node(), options, pace);
  }

  NodeUrl node() {
    return node;
  }

  HttpClient http() {
    return options.http();
  }

  RetryPolicy pace() {
    return pace;
  }

  private Doorbell with(Options changed) {
    return new Doorbell(node, changed, pace);
  }

  private <T> CompletableFuture<T> waitFor(
      Set<EventId> ids, Duration limit, BiPredicate<Set<EventId>, CompletableFuture<T>> onSet) {
    String names = names(ids);
    var question =
        new RetryLoop.Question<T>(
            names,
            options.hold(),
            (hold, attempt) ->
                request(names + "?timeout=" + Options.seconds(hold), attempt)
                    .header("Accept", "application/json")
                    .build(),
            (answer, done) -> {
              Set<EventId> set = answer.named(ids);
              return !set.isEmpty() && onSet.test(set, done);
            });
    return new RetryLoop<>(this, question, limit).start();
  }

  private static String names(Set<EventId> ids) {
    return ids.stream().map(EventId::text).collect(Collectors.joining(","));
  }

  private static Set<EventId> one(EventId id) {
    return Set.of(EventId.present(id));
  }

  private static Set<EventId> some(Collection<EventId> ids) {
    Set<EventId> distinct = new LinkedHashSet<>();
    ids.forEach(id -> distinct.add(EventId.present(id)));
    if (distinct.isEmpty() || distinct.size() > Options.IDS) {
      throw new IllegalArgumentException(
          "A wait is for 1 to " + Options.IDS + " ids, not " + distinct.size() + ".");
    }
    return distinct;
  }

  private CompletableFuture<Boolean> set(EventId id, String key) {
    return post(
        id.text(), key, (answer, done) -> answer.isSet() && done.complete(answer.status() == 201));
  }

  private CompletableFuture<SetCount> setLines(List<String> lines) {
    StepChain<SetCount> steps = new StepChain<>();
    setRest(steps, lines, new SetCount(0, 0));
    return steps.done;
  }

  private void setRest(StepChain<SetCount> steps, List<String> lines, SetCount sum) {
    if (lines.isEmpty()) {
      steps.done.complete(sum);
      return;
    }
    int size = Math.min(lines.size(), Options.LINES);
    CompletableFuture<SetCount> first =
        post(
            "",
            String.join("\n", lines.subList(0, size)),
            (answer, done) -> {
              SetCount count = answer.count(size);
              return count != null && done.complete(count);
            });
    steps.next(
        first,
        (count, error) -> {
          if (count != null) {
            setRest(steps, lines.subList(size, lines.size()), sum.plus(count));
          } else if (error != null) {
            steps.done.completeExceptionally(error);
          }
        });
  }

  private <T> CompletableFuture<T> post(
      String path, String body, BiPredicate<Answer, CompletableFuture<T>> reader) {
    Duration spread = options.spread();
    String query = spread.isZero() ? "" : "?spread=" + Options.seconds(spread);
    String name = path.isEmpty() ? "a list of events" : path;
    var question =
        new RetryLoop.Question<T>(
            name,
            Duration.ZERO,
            (hold, attempt) ->
                request(path + query, attempt)
                    .header("Content-Type", "text/plain; charset=us-ascii")
                    .POST(BodyPublishers.ofString(body))
                    .build(),
            reader);
    return new RetryLoop<>(this, question, options.patience()).start();
  }

  private HttpRequest.Builder request(String pathAndQuery, int attempt)
      throws UnknownHostException {
    return HttpRequest.newBuilder(node.at(pathAndQuery, attempt))
        .header("Accept-Encoding", "identity")
        .version(HttpClient.Version.HTTP_1_1); // a wait is a connection, not a stream among others
  }
}
