package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import doorbell.access.SetPolicy;
import doorbell.admin.AdminPort;
import doorbell.admin.Node;
import doorbell.event.EventTable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin port of a whole node, as Prometheus and people ask it. */
class AdminTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final FileAttribute<Set<PosixFilePermission>> OWNERS =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  @TempDir private Path folder;
  private final HttpClient client = HttpClient.newHttpClient();
  private Doorbell node;

  @BeforeEach
  void start() {
    node = Doorbell.start(options().with(Options.STORE, "rocksdb:" + folder.resolve("store")));
  }

  @AfterEach
  void end() {
    node.close(); // What its clients wait for ends with it.
    client.close();
  }

  private static Options options() {
    return Options.defaults()
        .with(Options.LISTEN, List.of(ANY))
        .with(Options.ADMIN, Optional.of(ANY))
        .with(Options.DRAIN, Duration.ofMillis(100))
        .with(Options.LOOPS, 2);
  }

  private static URI url(InetSocketAddress address, String path) {
    return URI.create("http://127.0.0.1:" + address.getPort() + path);
  }

  private HttpResponse<String> ask(String path) throws IOException, InterruptedException {
    return ask(HttpRequest.newBuilder(admin(path)).build());
  }

  private URI admin(String path) {
    return url(requireNonNull(node.adminAddress()), path);
  }

  private HttpResponse<String> ask(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, BodyHandlers.ofString());
  }

  private int status(String path, String method) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(url(node.address(), path))
            .method(method, BodyPublishers.noBody())
            .build();
    return ask(request).statusCode();
  }

  /** The value of a sample, by its whole name with labels. */
  private double figure(String name) throws IOException, InterruptedException {
    return ask("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " is missing"));
  }

  private void comesTo(String name, double value) {
    await().untilAsserted(() -> assertThat(figure(name)).as(name).isEqualTo(value));
  }

  private CompletableFuture<HttpResponse<String>> waitFor(String path, HttpClient.Version version) {
    return client.sendAsync(
        HttpRequest.newBuilder(url(node.address(), path)).version(version).build(),
        BodyHandlers.ofString());
  }

  @Test
  void theFiguresSayWhatHappened() throws Exception {
    var one = waitFor("/22482,7", HttpClient.Version.HTTP_1_1);
    var other = waitFor("/22482", HttpClient.Version.HTTP_1_1);
    comesTo("doorbell_parked_waits{protocol=\"http1\"}", 3);
    assertThat(status("/22482", "POST")).isEqualTo(201);
    assertThat(status("/22482", "POST")).isEqualTo(200);
    assertThat(status("/no/such", "GET")).isEqualTo(404);
    one.join();
    other.join();
    comesTo("doorbell_parked_waits{protocol=\"http1\"}", 0);
    comesTo("doorbell_sets_total{result=\"first\"}", 1);
    comesTo("doorbell_sets_total{result=\"already\"}", 1);
    comesTo("doorbell_sets_total{result=\"failed\"}", 0);
    comesTo("doorbell_wakes_total", 2);
    comesTo("doorbell_set_to_wake_seconds_count", 2);
    comesTo("doorbell_hold_seconds_count", 2);
    comesTo("doorbell_hold_seconds_bucket{le=\"1048576.0\"}", 2);
    comesTo("doorbell_refusals_total{status=\"404\"}", 1);
    comesTo("doorbell_refusals_total{status=\"503\"}", 0);
    assertThat(figure("doorbell_set_to_wake_seconds_sum")).isPositive();
    assertThat(figure("doorbell_store_seconds_count")).isGreaterThanOrEqualTo(2);
    assertThat(figure("doorbell_connections")).isPositive();
    assertThat(figure("doorbell_connections_accepted_total")).isPositive();
  }

  @Test
  void theFiguresSayWhatANodeIsAndMay() throws Exception {
    String text = ask("/metrics").body();
    assertThat(text)
        .contains("doorbell_info{store=\"rocksdb\"", "transport=\"", "version=\"")
        .contains("doorbell_loop_lag_seconds{loop=\"0\"}", "doorbell_loop_lag_seconds{loop=\"1\"}")
        .contains("jvm_memory_used_bytes{", "process_files_open_files ", "process_uptime_seconds ")
        .contains("# TYPE doorbell_hold_seconds histogram", "# TYPE doorbell_wakes_total counter")
        .doesNotContain(folder.toString());
    assertThat(figure("doorbell_parked_waits_limit")).isPositive();
    assertThat(figure("doorbell_connections_limit")).isPositive();
    assertThat(figure("doorbell_buffered_limit_bytes")).isPositive();
    assertThat(figure("doorbell_buffered_bytes")).isNotNegative();
    assertThat(figure("doorbell_store_queue")).isNotNegative();
    comesTo("doorbell_store_errors_total", 0);
    comesTo("doorbell_ready", 1);
  }

  /** The names of our own figures, in the page and in a node. */
  @Test
  void thePageOfFiguresNamesEachAndNoOther() throws Exception {
    String page = Files.readString(Path.of("../docs/metrics.md"));
    Pattern row = Pattern.compile("^\\| `(doorbell_\\w+)` \\|", Pattern.MULTILINE);
    Pattern type = Pattern.compile("^# TYPE (doorbell_\\w+) ", Pattern.MULTILINE);
    startWithTokens("shop 0123456789abcdef");
    Set<String> figures = new HashSet<>(names(type, ask("/metrics").body()));
    figures.add("doorbell_replica_ready"); // Over Redis alone, where RedisNodesTest sees it.
    assertThat(names(row, page)).hasSizeGreaterThan(15).isEqualTo(figures);
  }

  private void startWithTokens(String text) throws IOException {
    node.close();
    Path file = Files.createFile(folder.resolve("tokens"), OWNERS);
    node =
        Doorbell.start(
            options()
                .with(Options.STORE, "rocksdb:" + folder.resolve("store"))
                .with(SetOptions.POLICY, SetPolicy.TOKEN)
                .with(SetOptions.TOKEN_FILE, Files.writeString(file, text)));
  }

  private int statusBy(String token, String path) throws IOException, InterruptedException {
    return ask(HttpRequest.newBuilder(url(node.address(), path))
            .header("Authorization", "Bearer " + token)
            .POST(BodyPublishers.noBody())
            .build())
        .statusCode();
  }

  @Test
  void setsAreCountedByTheNameOfTheirTokenAndNeverByTheToken() throws Exception {
    String shop = "token-of-the-shop";
    String blog = "token-of-the-blog";
    startWithTokens("shop %s\nblog %s sets=1".formatted(shop, blog));
    assertThat(statusBy(shop, "/1")).isEqualTo(201);
    assertThat(statusBy(shop, "/2")).isEqualTo(201);
    assertThat(statusBy(blog, "/1")).isEqualTo(200);
    assertThat(statusBy(blog, "/3")).isEqualTo(201);
    assertThat(statusBy(blog, "/4")).isEqualTo(429);
    assertThat(statusBy("token-of-nobody", "/4")).isEqualTo(403);
    comesTo("doorbell_token_sets_total{result=\"first\",token=\"shop\"}", 2);
    comesTo("doorbell_token_sets_total{result=\"first\",token=\"blog\"}", 1);
    comesTo("doorbell_token_sets_total{result=\"already\",token=\"blog\"}", 1);
    comesTo("doorbell_token_sets_total{result=\"failed\",token=\"blog\"}", 0);
    comesTo("doorbell_token_refusals_total{quota=\"sets\",token=\"blog\"}", 1);
    comesTo("doorbell_token_refusals_total{quota=\"sets-per-second\",token=\"blog\"}", 0);
    comesTo("doorbell_token_remembered_sets{token=\"shop\"}", 2);
    comesTo("doorbell_refusals_total{status=\"403\"}", 1);
    comesTo("doorbell_refusals_total{status=\"429\"}", 1);
    assertThat(ask("/metrics").body()).doesNotContain(shop).doesNotContain(blog);
  }

  private static Set<String> names(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(found -> found.group(1)).collect(Collectors.toSet());
  }

  @Test
  void aWebSocketAndAStreamOfHttp2CountAsWhatTheyAre() throws Exception {
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(
                URI.create(url(node.address(), "/").toString().replace("http", "ws")),
                new WebSocket.Listener() {})
            .join();
    socket.sendText("wait 1 2 3", true).join();
    comesTo("doorbell_parked_waits{protocol=\"websocket\"}", 3);
    socket.sendText("wait " + "9".repeat(99), true).join();
    comesTo("doorbell_refusals_total{status=\"400\"}", 1);
    socket.sendText("set 1", true).join();
    comesTo("doorbell_parked_waits{protocol=\"websocket\"}", 2);
    comesTo("doorbell_sets_total{result=\"first\"}", 1);
    socket.abort();
    comesTo("doorbell_parked_waits{protocol=\"websocket\"}", 0);
    comesTo("doorbell_wakes_total", 1);
  }

  @Test
  void prometheusGetsTheFormThatItAsksFor() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(admin("/metrics"))
            .header("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
            .build();
    HttpResponse<String> answer = ask(request);
    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/openmetrics-text");
    assertThat(answer.body()).endsWith("# EOF\n");
    assertThat(ask("/metrics").headers().firstValue("Content-Type").orElse(""))
        .startsWith("text/plain; version=0.0.4");
  }

  @Test
  void healthIsToldInAWord() throws Exception {
    assertThat(ask("/healthz").body()).isEqualTo("ok\n");
    await().untilAsserted(() -> assertThat(ask("/readyz").body()).isEqualTo("ready\n"));
    assertThat(ask("/readyz").statusCode()).isEqualTo(200);
    assertThat(ask("/version").body())
        .matches("\\{\"version\":\"\\d.*\",\"java\":\".*\",\"store\":\"rocksdb\",.*}\n");
  }

  @Test
  void aNodeWithALoopThatHangsIsNotHealthy() throws Exception {
    SimulatedNode hanging = new SimulatedNode();
    EventTable table = new EventTable(new StoreInHand(), (millis, task) -> {});
    Node.About about = new Node.About("0", Node.About.MEMORY, "memory");
    Node seen =
        new Node(hanging.loops, table, hanging.quota, hanging.budget, null, 1, () -> false, about);
    hanging.loops.getFirst().counts.nextLook.set(hanging.ticker.nanoTime() + 1);
    try (AdminPort port = AdminPort.open(ANY, seen)) {
      HttpRequest health = HttpRequest.newBuilder(url(port.address(), "/healthz")).build();
      hanging.advance(29_000);
      assertThat(ask(health).statusCode()).isEqualTo(200);
      hanging.advance(2_000);
      assertThat(ask(health).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void aNodeThatEndsSaysSoWhileItAnswersItsWaits() throws Exception {
    Doorbell ending =
        Doorbell.start(
            options().with(Options.STORE, "memory").with(Options.DRAIN, Duration.ofSeconds(10)));
    URI ready = url(requireNonNull(ending.adminAddress()), "/readyz");
    HttpRequest request = HttpRequest.newBuilder(ready).build();
    await().untilAsserted(() -> assertThat(ask(request).statusCode()).isEqualTo(200));
    Peer[] crowd = new Peer[40];
    for (int i = 0; i < crowd.length; i++) {
      crowd[i] = new Peer(ending.address()).say("GET /5 HTTP/1.1\nHost: a\n\n");
    }
    await().until(() -> ending.parked() == crowd.length);
    Thread closing = Thread.ofVirtual().start(ending::close);
    await().untilAsserted(() -> assertThat(ask(request).statusCode()).isEqualTo(503));
    assertThat(ask(request).body()).contains("about to end");
    for (Peer peer : crowd) {
      peer.close();
    }
    closing.join();
  }

  @Test
  void aNodeThatDelaysItsEndTakesClientsAndIsNotReady() throws Exception {
    int status = setDuringDelay(Duration.ofMillis(600));
    if (status != 201) { // A machine that stalls may have come too late.
      status = setDuringDelay(Duration.ofSeconds(10));
    }
    assertThat(status).isEqualTo(201);
  }

  /** How a set is answered by a node that says that it is about to end; 0 where it had ended. */
  private int setDuringDelay(Duration delay) throws Exception {
    int status = 0;
    Doorbell ending =
        Doorbell.start(options().with(Options.STORE, "memory").with(Options.SHUTDOWN_DELAY, delay));
    URI ready = url(requireNonNull(ending.adminAddress()), "/readyz");
    HttpRequest request = HttpRequest.newBuilder(ready).build();
    long begun = System.nanoTime();
    Thread closing = Thread.ofVirtual().start(ending::close);
    try {
      await().until(() -> ask(request).body().contains("about to end"));
      try (Peer peer = new Peer(ending.address()).say("POST /7 HTTP/1.1\nHost: a\n\n")) {
        status = peer.hear().status();
      }
    } catch (IOException e) {
      // Nobody listens any more.
    }
    closing.join();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(delay);
    return status;
  }

  @Test
  void theDashboardAndAllItsFilesAreServedAndNothingElseIs() throws Exception {
    String page = ask("/").body();
    assertThat(page).contains("<title>", "dashboard.js");
    assertThat(ask("/").headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'")
        .doesNotContain("unsafe");
    for (String file :
        List.of("/dashboard.css", "/dashboard.js", "/metrics.js", "/uplot.js", "/uplot.css")) {
      HttpResponse<String> answer = ask(file);
      assertThat(answer.statusCode()).as(file).isEqualTo(200);
      assertThat(answer.body()).as(file).isNotEmpty();
      assertThat(answer.headers().firstValue("Content-Type").orElse(""))
          .startsWith(file.endsWith(".css") ? "text/css" : "text/javascript");
    }
    assertThat(ask("/AdminPort.class").statusCode()).isEqualTo(404);
    assertThat(ask("/..%2FOptions.class").statusCode()).isEqualTo(404);
  }

  @Test
  void whatIsNotThereSaysWhatIs() throws Exception {
    HttpResponse<String> answer = ask("/metric");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("/metrics", "/healthz", "/readyz", "/version");
    HttpResponse<String> post =
        ask(HttpRequest.newBuilder(admin("/metrics")).POST(BodyPublishers.noBody()).build());
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(post.headers().firstValue("Allow")).hasValue("GET, HEAD");
    HttpResponse<String> head = ask(HttpRequest.newBuilder(admin("/healthz")).HEAD().build());
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }

  @Test
  void aTakenAddressStopsTheStartAndLeavesNothingOpen() throws Exception {
    Options taken =
        options()
            .with(Options.STORE, "rocksdb:" + folder.resolve("other"))
            .with(Options.ADMIN, Optional.of(requireNonNull(node.adminAddress())));
    for (int i = 0; i < 2; i++) { // A store that was left open would be in use.
      assertThatIllegalStateException()
          .isThrownBy(() -> Doorbell.start(taken))
          .withMessageMatching("can't listen on .*; choose another address with --admin HOST:PORT");
    }
  }
}
