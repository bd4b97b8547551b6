package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Two whole nodes over one server, as their clients see them. */
abstract class NodesContract {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** A loaded machine takes its time. */
  static final Duration SOON = Duration.ofSeconds(60);

  private static final String ASK = "%s %s HTTP/1.1\nHost: a\n\n";

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Doorbell> nodes = new ArrayList<>();

  /** The text of the store. */
  abstract String store();

  abstract void killServer() throws Exception;

  abstract void startServer() throws Exception;

  /** Before the server ends. */
  final void endNodes() {
    client.shutdownNow();
    nodes.forEach(Doorbell::close);
  }

  Options options() {
    return Options.defaults()
        .with(Options.LISTEN, List.of(ANY))
        .with(Options.ADMIN, Optional.of(ANY))
        .with(Options.DRAIN, Duration.ofMillis(100))
        .with(Options.LOOPS, 1)
        .with(Options.STORE, store());
  }

  void start(int count) {
    for (int i = 0; i < count; i++) {
      Doorbell node = Doorbell.start(options());
      nodes.add(node);
      await().atMost(SOON).until(() -> admin(node, "/readyz").equals("ready\n"));
    }
  }

  void end(int node) {
    nodes.get(node).close();
  }

  CompletableFuture<HttpResponse<String>> get(int node, String path) {
    return send(HttpRequest.newBuilder(url(nodes.get(node).address(), path)));
  }

  CompletableFuture<HttpResponse<String>> set(int node, String path) {
    URI url = url(nodes.get(node).address(), path);
    return send(HttpRequest.newBuilder(url).POST(BodyPublishers.noBody()));
  }

  private CompletableFuture<HttpResponse<String>> send(HttpRequest.Builder request) {
    return client
        .sendAsync(request.build(), BodyHandlers.ofString())
        .orTimeout(2 * SOON.toSeconds(), TimeUnit.SECONDS);
  }

  private String admin(String path) {
    return admin(nodes.getFirst(), path);
  }

  private String admin(Doorbell node, String path) {
    URI url = url(requireNonNull(node.adminAddress()), path);
    return send(HttpRequest.newBuilder(url)).join().body();
  }

  private static URI url(InetSocketAddress address, String path) {
    return URI.create("http://127.0.0.1:" + address.getPort() + path);
  }

  void park(int node, int waits) {
    await().atMost(SOON).until(() -> nodes.get(node).parked() == waits);
  }

  @Test
  void aSetAtOneNodeWakesAWaitAtAnother() {
    start(2);
    CompletableFuture<HttpResponse<String>> wait = get(0, "/22482,7");
    park(0, 2);
    assertThat(set(1, "/7").join().statusCode()).isEqualTo(201);
    assertThat(wait.join().body()).isEqualTo("doorbell(7);\n");
    assertThat(get(0, "/7").join().statusCode()).isEqualTo(200);
    assertThat(set(0, "/7").join().statusCode()).isEqualTo(200);
  }

  @Test
  void aSpreadSetIsPacedByEachNodeAndHastenedFromAnyOther() {
    start(2);
    List<CompletableFuture<HttpResponse<String>>> crowd =
        IntStream.range(0, 20).mapToObj(i -> get(0, "/5?_=" + i)).toList();
    park(0, 20);
    assertThat(set(1, "/5?spread=3600").join().statusCode()).isEqualTo(201);
    await().atMost(SOON).until(() -> crowd.stream().anyMatch(CompletableFuture::isDone));
    assertThat(crowd.stream().filter(CompletableFuture::isDone).count()).isLessThan(20);
    assertThat(set(1, "/5").join().statusCode()).isEqualTo(200);
    await().atMost(SOON).until(() -> crowd.stream().allMatch(CompletableFuture::isDone));
  }

  @Test
  void oneOfManySettersAtManyNodesGets201() {
    start(2);
    for (int id = 0; id < 20; id++) {
      String path = "/" + id;
      List<CompletableFuture<HttpResponse<String>>> sets =
          IntStream.range(0, 10).mapToObj(i -> set(i % 2, path)).toList();
      assertThat(sets.stream().map(set -> set.join().statusCode()).filter(s -> s == 201))
          .hasSize(1);
    }
  }

  @Test
  void aNodeThatEndsHearsAndTakesSetsUntilAllAreAnswered() throws Exception {
    start(1);
    Doorbell ending = Doorbell.start(options().with(Options.DRAIN, Duration.ofSeconds(20)));
    nodes.add(ending);
    try (Peer kept = new Peer(ending.address());
        Peer one = new Peer(ending.address());
        Peer other = new Peer(ending.address())) {
      assertThat(kept.say(ASK.formatted("GET", "/1?timeout=0")).hear().status()).isEqualTo(204);
      one.say(ASK.formatted("GET", "/2"));
      park(1, 1);
      other.say(ASK.formatted("GET", "/2"));
      park(1, 2);
      Thread end = Thread.ofPlatform().start(ending::close);
      park(1, 1); // One is told to ask again, and the other only when half of the time is over.
      assertThat(set(0, "/2").join().statusCode()).isEqualTo(201);
      assertThat(List.of(one.hear().status(), other.hear().status()))
          .containsExactlyInAnyOrder(204, 200);
      assertThat(kept.say(ASK.formatted("POST", "/4")).hear().status()).isEqualTo(201);
      assertThat(get(0, "/4").join().statusCode()).isEqualTo(200);
      end.join();
    }
  }

  @Test
  void whileTheStoreIsAwaySetsAre503AndWaitsPark() throws Exception {
    start(1);
    assertThat(admin("/metrics")).contains("doorbell_replica_ready{replica=\"0\"} 1.0");
    killServer();
    await().atMost(SOON).until(() -> admin("/readyz").contains("can't be reached"));
    assertThat(admin("/metrics")).contains("doorbell_replica_ready{replica=\"0\"} 0.0");
    HttpResponse<String> refused = set(0, "/1").join();
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    assertThat(refused.body()).contains("the store can't be reached now; try again");
    assertThat(get(0, "/2?timeout=0").join().statusCode()).isEqualTo(503);
    assertThat(get(0, "/2?timeout=0.2").join().statusCode()).isEqualTo(204);
    CompletableFuture<HttpResponse<String>> wait = get(0, "/3");
    park(0, 1);
    startServer();
    await().atMost(SOON).until(() -> set(0, "/3").join().statusCode() < 300);
    assertThat(wait.join().statusCode()).isEqualTo(200);
    await().atMost(SOON).until(() -> admin("/readyz").equals("ready\n"));
  }
}
