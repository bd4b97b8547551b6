package doorbell;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import doorbell.access.SetPolicy;
import doorbell.io.Transport;
import doorbell.io.tls.Certificates;
import doorbell.io.tls.PemFiles;
import doorbell.wait.SetCall;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may set, over each transport, with and without TLS, by HTTP/1.1, HTTP/2 and WebSocket. */
class SetAccessTest {
  private static final String SHOP = "token-of-the-shop";
  private static final String BLOG = "token-of-the-blog";
  private static final String KEY = "open-sesame";

  @TempDir static Path folder;
  private static PemFiles files;
  private static Path tokens;

  /** A way to a node: what carries it, and what is spoken. */
  record Way(Transport transport, boolean tls, Version version) {}

  static Stream<Way> ways() {
    return PortFixture.transports()
        .flatMap(
            transport ->
                Stream.of(
                    new Way(transport, false, Version.HTTP_1_1),
                    new Way(transport, true, Version.HTTP_1_1),
                    new Way(transport, true, Version.HTTP_2)));
  }

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  @BeforeAll
  static void files() throws Exception {
    files = new Certificates(folder).make("first", "-keyalg", "EC");
    tokens = write("shop %s\nblog %s sets=3 sets-per-second=1000\n".formatted(SHOP, BLOG));
  }

  private static Path write(String text) throws IOException {
    Path file = Files.createTempFile(folder, "tokens", "");
    return Files.setPosixFilePermissions(
        Files.writeString(file, text), PosixFilePermissions.fromString("rw-------"));
  }

  private static Options options(Transport transport) {
    return PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75));
  }

  private static Options under(SetPolicy policy, Way way) {
    Options options = options(way.transport).with(SetOptions.POLICY, policy);
    return way.tls
        ? options.with(Options.TLS_CERT, files.chain()).with(Options.TLS_KEY, files.key())
        : options;
  }

  /** A client of a node, over one of the ways. */
  private record Caller(HttpClient client, String base) {
    static Caller of(PortFixture node, Way way) throws Exception {
      String scheme = way.tls ? "https://localhost:" : "http://localhost:";
      return new Caller(TlsPortTest.client(way.version), scheme + node.address().getPort());
    }

    HttpResponse<String> post(String path, String body, @Nullable String token)
        throws IOException, InterruptedException {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(base + path)).POST(BodyPublishers.ofString(body));
      if (token != null) {
        request.header("Authorization", "Bearer " + token);
      }
      HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
      assertThat(answer.body()).doesNotContain(SHOP).doesNotContain(BLOG);
      return answer;
    }

    int get(String path) throws IOException, InterruptedException {
      HttpRequest request = HttpRequest.newBuilder(URI.create(base + path)).build();
      return client.send(request, BodyHandlers.discarding()).statusCode();
    }

    CompletableFuture<Integer> waits(String path) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(base + path)).build();
      return client
          .sendAsync(request, BodyHandlers.discarding())
          .thenApply(HttpResponse::statusCode);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void underTokenASetNeedsATokenOfTheFileAndAWaitNeedsNone(Way way) throws Exception {
    Options options = under(SetPolicy.TOKEN, way).with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      Caller caller = Caller.of(node, way);
      CompletableFuture<Integer> wait = caller.waits("/7");
      await().until(() -> node.port.parked() == 1);
      HttpResponse<String> none = caller.post("/7", "", null);
      assertThat(none.statusCode()).isEqualTo(401);
      assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
      assertThat(none.body()).contains("Authorization: Bearer TOKEN");
      assertThat(caller.post("/7", "", SHOP + "x").statusCode()).isEqualTo(403);
      assertThat(caller.post("/", "7\n8\n", null).statusCode()).isEqualTo(401);
      assertThat(caller.post("/", "7\n8\n", SHOP.substring(1)).statusCode()).isEqualTo(403);
      assertThat(caller.get("/7,8?timeout=0")).isEqualTo(204);
      assertThat(caller.post("/8", "", SHOP).statusCode()).isEqualTo(201);
      assertThat(caller.post("/", "7\n8\n", SHOP).body()).contains("\"set\":1,\"already\":1");
      assertThat(wait.get(20, TimeUnit.SECONDS)).isEqualTo(200);
      String sealed = sealed();
      assertThat(caller.post("/" + sealed, KEY + "s", SHOP).statusCode()).isEqualTo(403);
      assertThat(caller.post("/" + sealed, KEY, SHOP).statusCode()).isEqualTo(201);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void underSealedOnlySealedIdsAreSet(Way way) throws Exception {
    try (PortFixture node = new PortFixture(under(SetPolicy.SEALED, way))) {
      Caller caller = Caller.of(node, way);
      String sealed = sealed();
      HttpResponse<String> plain = caller.post("/7", "", null);
      assertThat(plain.statusCode()).isEqualTo(403);
      assertThat(plain.body()).contains("doorbell new --sealed");
      HttpResponse<String> list = caller.post("/", sealed + " " + KEY + "\n7\n", null);
      assertThat(list.statusCode()).isEqualTo(403);
      assertThat(list.body()).contains("line 2: only sealed ids");
      assertThat(caller.get("/7," + sealed + "?timeout=0")).isEqualTo(204);
      assertThat(caller.post("/" + sealed, KEY, null).statusCode()).isEqualTo(201);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void smallNumbersAreNoIdsForWaitsAndSets(Way way) throws Exception {
    Options options = under(SetPolicy.OPEN, way).with(SetOptions.MIN_ID_BITS, 64);
    try (PortFixture node = new PortFixture(options)) {
      Caller caller = Caller.of(node, way);
      String large = "18446744073709551616";
      String small = "00000000-0000-0000-ffff-ffffffffffff";
      assertThat(caller.get("/22482?timeout=0")).isEqualTo(400);
      assertThat(caller.get("/" + large + "," + small + "?timeout=0")).isEqualTo(400);
      assertThat(caller.get("/" + large + "?timeout=0")).isEqualTo(204);
      assertThat(caller.post("/22482", "", null).body()).contains("at least 2^64");
      assertThat(caller.post("/", large + "\n7", null).body()).contains("line 2: an id here");
      assertThat(caller.get("/" + large + "?timeout=0")).isEqualTo(204);
      assertThat(caller.post("/" + large, "", null).statusCode()).isEqualTo(201);
      assertThat(caller.post("/" + sealed(), KEY, null).statusCode()).isEqualTo(201);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aNameAtItsLimitIsNotFeltByAnother(Way way) throws Exception {
    Options options = under(SetPolicy.TOKEN, way).with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      Caller caller = Caller.of(node, way);
      assertThat(caller.post("/", "1\n2\n3\n4", BLOG).statusCode()).isEqualTo(429);
      assertThat(caller.post("/", "1\n2", BLOG).statusCode()).isEqualTo(200);
      assertThat(caller.post("/2", "", BLOG).statusCode()).isEqualTo(200);
      assertThat(caller.post("/3", "", BLOG).statusCode()).isEqualTo(201);
      HttpResponse<String> full = caller.post("/4", "", BLOG);
      assertThat(full.statusCode()).isEqualTo(429);
      assertThat(full.headers().firstValueAsLong("Retry-After").orElse(0)).isBetween(300L, 600L);
      for (int id = 4; id < 100; id++) {
        assertThat(caller.post("/" + id, "", SHOP).statusCode()).isEqualTo(201);
      }
      assertThat(caller.post("/200", "", BLOG).statusCode()).isEqualTo(429);
    }
  }

  /** Setting what is set takes nothing of a store: an application that repeats a set isn't told. */
  @ParameterizedTest
  @MethodSource("ways")
  void aNameAtItsLimitSetsWhatIsSetAlready(Way way) throws Exception {
    Options options = under(SetPolicy.TOKEN, way).with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      Caller caller = Caller.of(node, way);
      assertThat(caller.post("/50", "", SHOP).statusCode()).isEqualTo(201);
      assertThat(caller.post("/", "1\n2", BLOG).statusCode()).isEqualTo(200);
      assertThat(caller.post("/", "1\n2\n3\n4", BLOG).statusCode()).isEqualTo(429);
      assertThat(caller.post("/", "1\n2\n3\n50", BLOG).body()).contains("\"set\":1,\"already\":3");
      assertThat(caller.post("/", "1\n2\n3\n50", BLOG).body()).contains("\"set\":0,\"already\":4");
      for (int id : List.of(1, 2, 3, 50)) {
        assertThat(caller.post("/" + id, "", BLOG).statusCode()).isEqualTo(200);
      }
      assertThat(caller.post("/4", "", BLOG).statusCode()).isEqualTo(429);
      assertThat(caller.get("/4?timeout=0")).isEqualTo(204);
      caller.client.shutdownNow(); // Over TLS a connection counts.
      await().until(() -> node.port.budget.taken() == 0);
    }
  }

  /** The store may take its time to look, and a client may leave meanwhile. */
  @ParameterizedTest
  @MethodSource("transports")
  void whoLeavesWhileItsSetIsLookedUpLeavesNothingBehind(Transport transport) throws Exception {
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.TOKEN)
            .with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      for (int id = 1; id <= 3; id++) {
        assertThat(node.connect().say(setOf(id)).hear().status()).isEqualTo(201);
      }
      node.store.holdLooks();
      Peer stays = node.connect().say(setOf(1));
      Peer leaves = node.connect().say(setOf(1));
      await().until(() -> node.store.held() == 2);
      leaves.reset();
      await().until(() -> node.port.budget.taken() == SetCall.BYTES);
      node.store.letGo();
      assertThat(stays.hear().status()).isEqualTo(200);
      assertThat(stays.say(setOf(4)).hear().status()).isEqualTo(429);
      await().until(() -> node.port.budget.taken() == 0);
    }
  }

  private static String setOf(int id) {
    return "POST /" + id + " HTTP/1.1\nHost: a\nAuthorization: Bearer " + BLOG + "\n\n";
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aWebSocketSetsByTheTokenOfItsHandshake(Transport transport) throws Exception {
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.TOKEN)
            .with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      Line page = new Line(node, null);
      page.socket.sendText("wait 5 6", true).join();
      assertThat(page.says("set 5")).startsWith("error 5: a set needs a token here; POST it");
      assertThat(new Line(node, "wrong").says("set 5")).startsWith("error 5: the token is none");
      Line server = new Line(node, BLOG);
      assertThat(server.says("set 5")).isEqualTo("done 5");
      assertThat(page.heard()).isEqualTo("set 5");
      assertThat(server.says("set 6")).isEqualTo("done 6");
      assertThat(server.says("set 7")).isEqualTo("done 7");
      assertThat(server.says("set 8")).startsWith("error 8: this token may have 3 sets");
      assertThat(server.says("set 7")).isEqualTo("done 7");
      assertThat(node.port.parked()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aWebSocketMaySetNoMoreWhenItsTokenIsTakenAway(Transport transport) throws Exception {
    Path file = write("shop " + SHOP);
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.TOKEN)
            .with(SetOptions.TOKEN_FILE, file);
    try (PortFixture node = new PortFixture(options)) {
      Line server = new Line(node, SHOP);
      assertThat(server.says("set 5")).isEqualTo("done 5");
      Files.writeString(file, "shop " + BLOG);
      node.port.reload();
      assertThat(server.says("set 6")).startsWith("error 6: the token is none");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aWebSocketHeedsTheOtherRulesToo(Transport transport) throws Exception {
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.SEALED)
            .with(SetOptions.MIN_ID_BITS, 8);
    try (PortFixture node = new PortFixture(options)) {
      Line line = new Line(node, null);
      assertThat(line.says("set 256")).startsWith("error 256: only sealed ids");
      assertThat(line.says("set 255")).startsWith("error 255: an id here is at least 2^8");
      assertThat(line.says("wait 256 255")).startsWith("error an id here is at least 2^8");
      assertThat(node.port.parked()).isZero();
      String sealed = sealed();
      assertThat(line.says("set " + sealed + " " + KEY)).isEqualTo("done " + sealed);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void setsAreTakenAtTheirOwnAddressAlone(Way way) throws Exception {
    SocketAddress own = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Options options = under(SetPolicy.OPEN, way).with(SetOptions.LISTEN, List.of(own));
    try (PortFixture node = new PortFixture(options)) {
      assertThat(node.port.addresses()).hasSize(1);
      int port = ((InetSocketAddress) node.port.setAddresses().getFirst()).getPort();
      Caller outside = Caller.of(node, way);
      Caller inside = new Caller(outside.client, outside.base.replaceFirst("[0-9]+$", "" + port));
      CompletableFuture<Integer> first = outside.waits("/7");
      CompletableFuture<Integer> second = inside.waits("/7");
      await().until(() -> node.port.parked() == 2);
      for (HttpResponse<String> refused :
          List.of(outside.post("/7", "", null), outside.post("/", "7", SHOP))) {
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body()).contains("takes no sets").doesNotContain("" + port);
      }
      assertThat(node.port.parked()).isEqualTo(2);
      assertThat(inside.post("/7", "", null).statusCode()).isEqualTo(201);
      assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(200);
      assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(200);
      if (!way.tls) {
        assertThat(new Line(node, null).says("set 8")).startsWith("error 8: this address takes no");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theyMayBeTakenAtAUnixSocketUnderAPolicy(Transport transport) throws Exception {
    if (transport == Transport.NIO) {
      return; // It listens at HOST:PORT alone.
    }
    Path socket = folder.resolve(transport.name());
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.TOKEN)
            .with(SetOptions.TOKEN_FILE, tokens)
            .with(SetOptions.LISTEN, List.of(UnixDomainSocketAddress.of(socket)));
    try (PortFixture node = new PortFixture(options);
        SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      String head = "POST /7 HTTP/1.1\r\nHost: a\r\n";
      assertThat(ask(client, head + "\r\n")).startsWith("HTTP/1.1 401 ");
      assertThat(ask(client, head + "Authorization: Bearer " + SHOP + "\r\n\r\n"))
          .startsWith("HTTP/1.1 201 ");
      assertThat(node.connect().say("POST /8 HTTP/1.1\nHost: a\n\n").hear().status())
          .isEqualTo(403);
    }
  }

  private static String ask(SocketChannel client, String request) throws IOException {
    client.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
    ByteBuffer answer = ByteBuffer.allocate(8_192);
    client.read(answer);
    return new String(answer.array(), 0, answer.position(), US_ASCII);
  }

  /** A bulk set is some megabytes, which a stranger must not have the node hold. */
  @ParameterizedTest
  @MethodSource("transports")
  void aStrangersSetIsRefusedBeforeItsBodyHasCome(Transport transport) throws Exception {
    Options options =
        options(transport)
            .with(SetOptions.POLICY, SetPolicy.TOKEN)
            .with(SetOptions.TOKEN_FILE, tokens);
    try (PortFixture node = new PortFixture(options)) {
      Peer stranger =
          node.connect().say("POST / HTTP/1.1\nHost: a\nContent-Length: 2000000\n\n1\n");
      assertThat(stranger.hear().status()).isEqualTo(401);
      assertThat(stranger.hearsTheEnd()).isTrue();
    }
  }

  @Test
  void thePolicyAndTheFileGoTogether() {
    Options options = options(Transport.AUTO);
    for (Options wrong :
        List.of(
            options.with(SetOptions.POLICY, SetPolicy.TOKEN),
            options.with(SetOptions.TOKEN_FILE, tokens))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new PortFixture(wrong))
          .withMessageContaining("go together");
    }
  }

  private static String sealed() throws Exception {
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(US_ASCII));
    return HexFormat.of().formatHex(hash);
  }

  /** A client over WebSocket. */
  private static final class Line implements WebSocket.Listener {
    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    final WebSocket socket;

    Line(PortFixture node, @Nullable String token) {
      WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
      if (token != null) {
        builder.header("Authorization", "Bearer " + token);
      }
      URI uri = URI.create("ws://localhost:" + node.address().getPort());
      socket = builder.buildAsync(uri, this).join();
    }

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
      heard.add(text.toString());
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }

    String says(String line) throws InterruptedException {
      socket.sendText(line, true).join();
      return heard();
    }

    String heard() throws InterruptedException {
      return String.valueOf(heard.poll(20, TimeUnit.SECONDS));
    }
  }
}
