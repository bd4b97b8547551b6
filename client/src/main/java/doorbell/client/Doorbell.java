package doorbell.client;

import java.net.URI;
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
 * A client of a Doorbell node: waits for event variables, and sets event variables. Immutable and
 * thread-safe: keep one. A wait costs a connection and no thread.
 *
 * <pre>{@code
 * Doorbell bell = Doorbell.at(URI.create("https://bell.example"));
 * EventId id = EventId.random();
 * CompletableFuture<Void> rung = bell.wait(id);
 * bell.set(id);
 * }</pre>
 *
 * <p>A future that is cancelled ends the request and everything behind the request at once. Cancel
 * the future that the method returned: a derived future doesn't pass the cancellation on. Dependent
 * stages run on a thread of the common pool or the HttpClient: don't block there.
 *
 * <p>Failures that may pass (no connection, an unknown name, no answer in time, 408, 429, 5xx
 * except 501, 505 and 511) are tried again after a random pause of up to 1 s, twice that each time,
 * up to 30 s, or once to twice the time of {@code Retry-After}. The log {@code doorbell.client} has
 * a line for the first of each kind. All else completes the future with a {@link DoorbellException}
 * at once: a certificate that isn't trusted, a redirect, any other refusal, an answer that isn't a
 * node's.
 *
 * <p>To set from within a web request, commit first, wait for the set, which takes 1 s at most, and
 * go on if the set fails, since pages look again by themselves. On App Engine too (Java 17 and
 * later): set before the request ends, because an instance may get no time between requests.
 *
 * <pre>{@code
 * boolean isSet = bell.set(id).handle((first, failure) -> failure == null).join();
 * }</pre>
 */
public final class Doorbell {
  /**
   * The header of an application's answer that names the event that is set when the answer is out
   * of date.
   */
  public static final String HEADER = "Doorbell-Wait";

  private final NodeUrl.Nodes nodes;
  private final Options options;
  private final RetryPolicy pace;

  Doorbell(NodeUrl.Nodes nodes, Options options, RetryPolicy pace) {
    this.nodes = nodes;
    this.options = options;
    this.pace = pace;
  }

  /**
   * A client of the node at that URL, with all options as by default.
   *
   * @param node the URL of the node: {@code https://bell.example} or {@code
   *     https://example.com/doorbell}
   * @throws IllegalArgumentException if the URL isn't a plain http or https URL
   */
  public static Doorbell at(URI node) {
    return at(List.of(node));
  }

  /**
   * As {@link #at(URI)}, with several nodes that share a store, of which each takes any set. If one
   * fails by what may pass, the next is tried at once, all within the time that one node has: each
   * gets an equal part of what is left of the patience. All other failures end the call. The first
   * node is asked until it fails, and then the next one, since a client that stays has few
   * connections; a node that failed last is tried last. Waits go to the next node too. A wait first
   * asks a node to hold it for up to 1 s, to see that the node doesn't hang: a node that hangs is
   * left after its part of the wait's time, or after some 11 s.
   *
   * @throws IllegalArgumentException also if there is no node, or one URL names several with commas
   */
  public static Doorbell at(List<URI> nodes) {
    return new Doorbell(NodeUrl.Nodes.of(nodes), Options.usual(), RetryPolicy.REAL);
  }

  /**
   * As {@link #at(URI)}, through that HttpClient; the shared HttpClient isn't made then.
   *
   * @throws IllegalArgumentException also if the HttpClient follows redirects
   */
  public static Doorbell at(URI node, HttpClient http) {
    return at(List.of(node), http);
  }

  /** As {@link #at(List)}, through that HttpClient; otherwise as {@link #at(URI, HttpClient)}. */
  public static Doorbell at(List<URI> nodes, HttpClient http) {
    return new Doorbell(NodeUrl.Nodes.of(nodes), Options.through(http), RetryPolicy.REAL);
  }

  /**
   * A client that sends requests through that HttpClient; by default, all Doorbells share an
   * HttpClient, with 10 s to connect.
   *
   * @throws IllegalArgumentException if the HttpClient follows redirects
   */
  public Doorbell withHttpClient(HttpClient http) {
    return with(options.withHttp(http));
  }

  /**
   * A client with that hold, the time for which a node is asked to hold a wait, each time: 1 s to 1
   * h, 25 s if unset.
   */
  public Doorbell withHold(Duration hold) {
    return with(options.withHold(hold));
  }

  /**
   * A client with that patience, the time for which a set is retried: up to 1 day, 1 s if unset,
   * since a visitor may wait for the set. In the background, 30 s are enough for a node to restart.
   */
  public Doorbell withPatience(Duration patience) {
    return with(options.withPatience(patience));
  }

  /**
   * A client that spreads wakes: a set wakes the waiters evenly over that time (up to 1 h), so that
   * a crowd doesn't come to the application at one moment.
   */
  public Doorbell withSpread(Duration spread) {
    return with(options.withSpread(spread));
  }

  /**
   * A client with the secret that {@link #topic} derives from. The secret is the application's own:
   * every process that hands out or sets the application's topics has the same secret, and nobody
   * else has.
   *
   * @throws IllegalArgumentException if the secret is empty
   */
  public Doorbell withSecret(String secret) {
    return with(options.withSecret(Options.secret(secret)));
  }

  /**
   * A client with the token that a node of {@code --set-policy token} wants of who sets. Waits are
   * asked without. A set that is refused for its token fails at once, with status 401 or 403.
   *
   * @throws IllegalArgumentException if the text is no token
   */
  public Doorbell withToken(String token) {
    return with(options.withToken(new Options.Token(token)));
  }

  /**
   * A client with the node's URL for readers of the application's answers, used by {@link #header}:
   * the application may know the node by another URL, as behind a proxy.
   *
   * @throws IllegalArgumentException if the URL isn't a plain http or https URL
   */
  public Doorbell withPublicUrl(URI node) {
    return with(options.withReaders(NodeUrl.of(node)));
  }

  /**
   * A client with more nodes that {@link #follow} may ask if an application names these nodes.
   * Other nodes are not asked, since an application that names any host would have this process ask
   * there.
   *
   * @param origins such as {@code https://bell.example}; a path counts for nothing
   */
  public Doorbell withOrigins(URI... origins) {
    return with(
        options.withOrigins(
            Stream.of(origins).map(url -> NodeUrl.of(url).origin()).collect(Collectors.toSet())));
  }

  /**
   * The topic of that name: versions have ids and keys without a table of either.
   *
   * @throws IllegalStateException if there is no secret: {@link #withSecret}
   */
  public Topic topic(String name) {
    SecretKey secret = options.secret();
    if (secret == null) {
      throw new IllegalStateException("A topic needs a secret: call withSecret first.");
    }
    return new Topic(secret, name);
  }

  /**
   * The value of the header {@link #HEADER} in an application's answer: the events of which any
   * makes the answer untrue, with the URL of {@link #withPublicUrl} if there is one. {@code
   * response.setHeader(Doorbell.HEADER, bell.header(id))}
   *
   * @param ids 1 to 64
   */
  public String header(EventId... ids) {
    return WaitHeader.write(options.readers(), some(Arrays.asList(ids)));
  }

  /** A wait that is done when the variable is set, however long that takes. */
  public CompletableFuture<Void> wait(EventId id) {
    return waitFor(one(id), Options.NO_LIMIT, (set, done) -> done.complete(null));
  }

  /**
   * A wait that is done when the variable is set, or with a {@link TimeoutException} when the
   * variable isn't set in time. Zero only asks. If no answer comes either, the timeout is 2 s late.
   *
   * @param timeout up to 365 days
   */
  public CompletableFuture<Void> wait(EventId id, Duration timeout) {
    return waitFor(one(id), Options.timeout(timeout), (set, done) -> done.complete(null));
  }

  /**
   * A wait that is done when one or more of the variables are set.
   *
   * @param ids 1 to 64
   * @return the ids that are set by then
   */
  public CompletableFuture<Set<EventId>> waitAny(Collection<EventId> ids) {
    return waitFor(some(ids), Options.NO_LIMIT, (set, done) -> done.complete(set));
  }

  /** As {@link #waitAny(Collection)}, with the timeout of {@link #wait(EventId, Duration)}. */
  public CompletableFuture<Set<EventId>> waitAny(Collection<EventId> ids, Duration timeout) {
    return waitFor(some(ids), Options.timeout(timeout), (set, done) -> done.complete(set));
  }

  /**
   * Sets an event variable that isn't sealed.
   *
   * @return true if this call set the variable, false if the variable was set already. After an
   *     answer that got lost, the set is tried again, and the first try may be the set that came
   *     before.
   */
  public CompletableFuture<Boolean> set(EventId id) {
    return set(EventId.present(id), "");
  }

  /** Sets a sealed event variable; otherwise as {@link #set(EventId)}. */
  public CompletableFuture<Boolean> set(SealedId id) {
    return set(EventId.present(id).id(), id.key());
  }

  /**
   * Sets any number of event variables that aren't sealed, 10,000 by a request, one request after
   * the other. If a request fails, the variables of earlier requests are set; setting again does no
   * harm.
   */
  public CompletableFuture<SetCount> setAll(Collection<EventId> ids) {
    return setLines(ids.stream().map(id -> EventId.present(id).text()).toList());
  }

  /** Sets any number of sealed event variables, as {@link #setAll}. */
  public CompletableFuture<SetCount> setAllSealed(Collection<SealedId> ids) {
    return setLines(ids.stream().map(id -> EventId.present(id).id() + " " + id.key()).toList());
  }

  /**
   * As {@link #follow(HttpRequest, Consumer, Consumer)}, by a plain GET; failures are in the log
   * alone.
   */
  public CompletableFuture<Void> follow(
      URI application, Consumer<? super HttpResponse<String>> onAnswer) {
    return follow(HttpRequest.newBuilder(application).build(), onAnswer);
  }

  /**
   * Asks an application, delivers the answer, waits for the event that the answer names, and asks
   * again; after 5 minutes at most in any case. The header {@link #HEADER} names the events: ids at
   * this node, or with a URL of the same origin or of {@link #withOrigins}.
   *
   * <p>Only cancelling ends this loop. An answer other than 2xx is not delivered, and the
   * application is asked again after a growing pause. The same pause follows a request without an
   * answer, a wait that the node refused, an answer that names no event, an event that rang before
   * or an event elsewhere, and an exception of {@code onAnswer}.
   *
   * @param onAnswer called for one answer after the other, never for two at a time
   * @param onError called for each of these failures; the log {@code doorbell.client} has the first
   *     of each kind
   * @return a future that ends the loop when cancelled
   */
  public CompletableFuture<Void> follow(
      HttpRequest application,
      Consumer<? super HttpResponse<String>> onAnswer,
      Consumer<? super Throwable> onError) {
    return new Follow(this, application, onAnswer, onError).start();
  }

  /** As {@link #follow(HttpRequest, Consumer, Consumer)}; failures are in the log alone. */
  public CompletableFuture<Void> follow(
      HttpRequest application, Consumer<? super HttpResponse<String>> onAnswer) {
    return follow(application, onAnswer, failure -> {});
  }

  /**
   * A client of the node that an answer names.
   *
   * @throws IllegalArgumentException if that node may not be asked
   */
  Doorbell at(WaitHeader named) {
    if (nodes.all().contains(named.node())) {
      return this;
    }
    String origin = named.node().origin();
    boolean isOwn = nodes.all().stream().anyMatch(node -> node.origin().equals(origin));
    if (!isOwn && !options.origins().contains(origin)) {
      throw new IllegalArgumentException(
          named.node()
              + " is not asked, since it isn't of "
              + node().origin()
              + ": see withOrigins.");
    }
    return new Doorbell(new NodeUrl.Nodes(List.of(named.node())), options, pace);
  }

  NodeUrl.Nodes nodes() {
    return nodes;
  }

  /** The node that an answer of an application means by a bare id. */
  NodeUrl node() {
    return nodes.at(0);
  }

  HttpClient http() {
    return options.http();
  }

  RetryPolicy pace() {
    return pace;
  }

  private Doorbell with(Options changed) {
    return new Doorbell(nodes, changed, pace);
  }

  private <T> CompletableFuture<T> waitFor(
      Set<EventId> ids, Duration limit, BiPredicate<Set<EventId>, CompletableFuture<T>> onSet) {
    String names = names(ids);
    var question =
        new RetryLoop.Question<T>(
            names,
            options.hold(),
            (node, hold, attempt) ->
                request(node.at(names + "?timeout=" + Options.seconds(hold), attempt))
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
            (node, hold, attempt) ->
                authorized(node.at(path + query, attempt))
                    .header("Content-Type", "text/plain; charset=us-ascii")
                    .POST(BodyPublishers.ofString(body))
                    .build(),
            reader);
    return new RetryLoop<>(this, question, options.patience()).start();
  }

  private HttpRequest.Builder authorized(URI url) {
    HttpRequest.Builder request = request(url);
    Options.Token token = options.token();
    return token == null ? request : request.header("Authorization", token.authorization());
  }

  private static HttpRequest.Builder request(URI url) {
    return HttpRequest.newBuilder(url)
        .header("Accept-Encoding", "identity")
        .version(HttpClient.Version.HTTP_1_1); // a wait is a connection, not a stream among others
  }
}
