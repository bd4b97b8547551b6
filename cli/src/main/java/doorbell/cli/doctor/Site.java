package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import doorbell.cli.doctor.Certificate.Trust;
import doorbell.client.EventId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A node's URL as pages know it, and how to ask there. Thread-safe.
 *
 * <p>No check asks whether an answer was quick: what should come at once has {@link #patience} to
 * come, on however slow a machine.
 */
final class Site {
  private static final Duration LEAST_PATIENCE = Duration.ofSeconds(10);
  private static final int LARGEST_PORT = 65_535;

  /** The URL without a slash at its end. */
  private final URI url;

  private final Duration longest;
  private final Trust trust;
  private volatile @Nullable WebServer webServer;
  private volatile String server = "";

  /** The token of sets; null if there is none. */
  private volatile @Nullable String token;

  private Site(URI url, Duration longest, Trust trust) {
    this.url = url;
    this.longest = longest;
    this.trust = trust;
  }

  /**
   * The node at that URL.
   *
   * @param longest how long a silent wait is tried at most
   * @throws IllegalArgumentException with a sentence if it is no URL of a node
   */
  static Site of(String text, Duration longest, Trust trust) {
    try {
      URI url = inAscii(new URI(text.replaceFirst("/+$", "")));
      if (isNodes(url)) {
        return new Site(url, longest, trust);
      }
      throw new URISyntaxException(text, "not one of http or https");
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is no node's URL; write it as pages have it: https://HOST/doorbell", e);
    }
  }

  /** Has the checks set by a token. */
  void setBy(@Nullable String setToken) {
    token = setToken;
  }

  private static URI inAscii(URI url) throws URISyntaxException {
    String authority = url.getRawAuthority();
    return url.getHost() != null || authority == null
        ? url
        : new URI(url.toString().replace(authority, IDN.toASCII(authority)));
  }

  private static boolean isNodes(URI url) {
    return String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT).matches("https?")
        && url.getHost() != null
        && url.getPort() <= LARGEST_PORT
        && url.getRawUserInfo() == null
        && url.getRawQuery() == null
        && url.getRawFragment() == null;
  }

  /** Another path on the same origin; empty for the root. */
  Site under(String path) {
    return new Site(url.resolve(path.isEmpty() ? "/" : path), longest, trust).trimmed();
  }

  private Site trimmed() {
    return new Site(URI.create(url.toString().replaceFirst("/+$", "")), longest, trust);
  }

  /** The host as the URL has it, an address of IPv6 without brackets. */
  String host() {
    return url.getHost().replaceAll("[\\[\\]]", "");
  }

  int port() {
    return url.getPort() >= 0 ? url.getPort() : isTls() ? 443 : 80;
  }

  boolean isTls() {
    return url.getScheme().equalsIgnoreCase("https");
  }

  /** The path without a slash at its end; empty for the root. */
  String path() {
    return url.getRawPath();
  }

  URI at(String rest) {
    return URI.create(url + "/" + rest);
  }

  Trust trust() {
    return trust;
  }

  Duration longest() {
    return longest;
  }

  Duration patience() {
    return longest.compareTo(LEAST_PATIENCE) > 0 ? longest : LEAST_PATIENCE;
  }

  /** An event that is nobody's yet. */
  static String newId() {
    return EventId.random().text();
  }

  /** The web server that an answer has shown so far; null if none has. */
  @Nullable WebServer webServer() {
    return webServer;
  }

  /** What the web server calls itself; empty if it doesn't. */
  String server() {
    return server;
  }

  void note(Answer answer) {
    WebServer shown = WebServer.of(answer);
    webServer = shown == null ? webServer : shown;
    server = answer.field("Server").isEmpty() ? server : answer.field("Server");
  }

  @Override
  public String toString() {
    return url.toString();
  }

  Client client() {
    return new Client(isTls() ? Version.HTTP_2 : Version.HTTP_1_1);
  }

  Client client(Version version) {
    return new Client(version);
  }

  /** Requests over connections of its own, which {@link #close} ends. */
  final class Client implements AutoCloseable {
    private final HttpClient http;

    private Client(Version version) {
      HttpClient.Builder builder = HttpClient.newBuilder().version(version);
      builder.connectTimeout(patience());
      http = (isTls() ? builder.sslContext(trust.context()) : builder).build();
    }

    /** The answer to a GET that shouldn't hang; {@code fields} are names and values by turns. */
    Answer get(String rest, String... fields) throws IOException {
      HttpRequest.Builder request = HttpRequest.newBuilder(at(rest));
      return ask(fields.length == 0 ? request : request.headers(fields));
    }

    Answer set(String id) throws IOException {
      HttpRequest.Builder set = HttpRequest.newBuilder(at(id)).POST(BodyPublishers.noBody());
      return ask(token == null ? set : set.header("Authorization", "Bearer " + token));
    }

    private Answer ask(HttpRequest.Builder request) throws IOException {
      return join(send(request.build(), patience()));
    }

    /** The answer to a GET that may hang; fails when there is none within that time. */
    CompletableFuture<Answer> hang(String rest, Duration within, String... fields) {
      HttpRequest.Builder request = HttpRequest.newBuilder(at(rest));
      return send((fields.length == 0 ? request : request.headers(fields)).build(), within);
    }

    private CompletableFuture<Answer> send(HttpRequest request, Duration within) {
      return http.sendAsync(request, head -> new Beginning())
          .thenApply(
              got -> {
                Answer answer = answer(got, got.body());
                note(answer);
                return answer;
              })
          .orTimeout(within.toMillis(), MILLISECONDS);
    }

    /** An answer whose body comes by and by. */
    HttpResponse<InputStream> stream(String rest, String... fields) throws IOException {
      HttpRequest request = HttpRequest.newBuilder(at(rest)).headers(fields).build();
      HttpResponse<InputStream> got =
          join(
              http.sendAsync(request, BodyHandlers.ofInputStream())
                  .orTimeout(2 * patience().toMillis(), MILLISECONDS));
      note(answer(got, ""));
      return got;
    }

    CompletableFuture<WebSocket> webSocket(WebSocket.Listener listener) {
      URI there = URI.create(at("").toString().replaceFirst("^http", "ws"));
      return http.newWebSocketBuilder()
          .buildAsync(there, listener)
          .orTimeout(patience().toMillis(), MILLISECONDS);
    }

    /** Gives up requests under way. */
    @Override
    public void close() {
      http.shutdownNow();
      http.close();
    }
  }

  static Answer answer(HttpResponse<?> got, String body) {
    return new Answer(got.statusCode(), got.headers(), body, got.version(), Instant.now());
  }

  static <T> T join(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (cause instanceof TimeoutException) {
        throw (IOException) new HttpTimeoutException("no answer in time").initCause(e);
      }
      throw cause instanceof IOException failed ? failed : new IOException(cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException().initCause(e);
    }
  }

  /** Reads the beginning of a body, and hangs up on a longer one. */
  private static final class Beginning implements BodySubscriber<String> {
    private static final int MOST = 16_384;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<String> text = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(copy);
        bytes.writeBytes(copy);
      }
      if (bytes.size() > MOST && subscription != null) {
        subscription.cancel();
        onComplete();
      }
    }

    @Override
    public void onError(Throwable why) {
      text.completeExceptionally(why);
    }

    @Override
    public void onComplete() {
      text.complete(bytes.toString(UTF_8));
    }

    @Override
    public CompletionStage<String> getBody() {
      return text;
    }
  }
}
