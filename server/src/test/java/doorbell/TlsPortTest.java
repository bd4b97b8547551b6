package doorbell;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.io.LogLines;
import doorbell.io.Transport;
import doorbell.io.tls.Certificates;
import doorbell.io.tls.PemFiles;
import doorbell.io.tls.Tls;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A port that speaks TLS, with certificates that are made here. */
class TlsPortTest {
  @TempDir static Path folder;
  private static Certificates certificates;
  private static PemFiles first;
  private static PemFiles second;

  @BeforeAll
  static void certificates() throws Exception {
    certificates = new Certificates(folder);
    first = certificates.make("first", "-keyalg", "EC");
    second = certificates.make("second", "-keyalg", "EC");
  }

  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void aWaitAndASetByTls(Transport transport) throws Exception {
    try (PortFixture node = node(transport, certificates.copy(first))) {
      for (Version version : Version.values()) {
        HttpClient client = client(version);
        CompletableFuture<HttpResponse<String>> wait =
            ask(client, node, "GET", "/" + version.name().length());
        await().until(() -> node.port.parked() == 1);
        HttpResponse<String> set =
            ask(client, node, "POST", "/" + version.name().length()).get(20, SECONDS);
        assertThat(set.statusCode()).isEqualTo(201);
        assertThat(set.version()).isEqualTo(version);
        assertThat(wait.get(20, SECONDS).body()).startsWith("doorbell(");
      }
    }
  }

  @Test
  void aNewCertificateIsTakenAndNoWaitIsDropped() throws Exception {
    PemFiles files = certificates.copy(first);
    try (PortFixture node = node(Transport.AUTO, files)) {
      CompletableFuture<HttpResponse<String>> wait =
          ask(client(Version.HTTP_1_1), node, "GET", "/7");
      await().until(() -> node.port.parked() == 1);
      assertThat(nameOf(node)).isEqualTo("CN=first");
      Certificates.replace(files, second);
      await().atMost(Duration.ofSeconds(30)).until(() -> nameOf(node).equals("CN=second"));
      assertThat(ask(client(Version.HTTP_2), node, "POST", "/7").get(20, SECONDS).statusCode())
          .isEqualTo(201);
      assertThat(wait.get(20, SECONDS).statusCode()).isEqualTo(200);
    }
  }

  /** Garbage that has no end, that nobody writes, or that looks like what is wanted. */
  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void whoConnectedBeforeTheCertificateChangedIsServed(Transport transport) throws Exception {
    PemFiles files = certificates.copy(first);
    try (PortFixture node = node(transport, files);
        Socket early = new Socket("localhost", node.address().getPort())) {
      Certificates.replace(files, second);
      await().atMost(Duration.ofSeconds(30)).until(() -> nameOf(node).equals("CN=second"));
      try (SSLSocket client =
          (SSLSocket) trusting().getSocketFactory().createSocket(early, "localhost", 1, true)) {
        client.startHandshake();
        assertThat(client.getSession().getPeerPrincipal()).hasToString("CN=second");
      }
    }
  }

  /** They may be on a disk that hangs. */
  @Test
  void noLoopReadsTheFilesAgain() throws Exception {
    PemFiles files = certificates.copy(first);
    try (LogLines log = LogLines.of(Tls.class);
        PortFixture _ = node(Transport.AUTO, files)) {
      Certificates.replace(files, second);
      await().atMost(Duration.ofSeconds(30)).until(() -> !log.messages().isEmpty());
      assertThat(log.threads()).noneMatch(thread -> thread.startsWith("doorbell-loop"));
    }
  }

  @Test
  void handshakesThatFailAreCountedAndToldOnceAMinute() throws Exception {
    try (PortFixture node = node(Transport.AUTO, certificates.copy(first));
        LogLines log = LogLines.of(Tls.class)) {
      for (int i = 0; i < 3; i++) {
        HttpClient distrusting = HttpClient.newHttpClient();
        assertThat(ask(distrusting, node, "GET", "/1")).failsWithin(Duration.ofSeconds(60));
      }
      await().until(() -> !log.messages().isEmpty());
      assertThat(log.messages())
          .singleElement()
          .asString()
          .startsWith("1 TLS handshakes failed since the start, the last one: ");
    }
  }

  /** Netty's own message has all bytes that are no TLS, in hex. */
  @Test
  void whatAClientSentIsNotInTheLog() throws Exception {
    byte[] record = {22, 3, 1, 0, 4, 1, 0, 0, 32}; // the head of a handshake's first message
    try (PortFixture node = node(Transport.AUTO, certificates.copy(first));
        LogLines log = LogLines.of(Tls.class);
        Peer peer = node.connect()) {
      peer.send(record).say("GET /22482 HTTP/1.1\n\n");
      await().until(() -> !log.messages().isEmpty());
      assertThat(log.messages()).singleElement().asString().endsWith("the last one: it was no TLS");
    }
  }

  @Test
  void filesThatAreNoPairStopTheStartWithASentence() throws Exception {
    PemFiles mixed = new PemFiles(first.chain(), second.key());
    for (PemFiles files :
        new PemFiles[] {mixed, new PemFiles(folder.resolve("none"), first.key())}) {
      assertThatThrownBy(() -> node(Transport.AUTO, files))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("can't use the certificate " + files.chain())
          .hasMessageContaining("PEM");
    }
  }

  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void aPlainRequestIsToldToUseTls(Transport transport) throws Exception {
    try (PortFixture node = node(transport, certificates.copy(first))) {
      Peer peer = node.connect().say("GET /7 HTTP/1.1\nHost: a\n\n");
      Answer answer = peer.hear();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("this port speaks TLS; use https://");
      assertThat(peer.hearsTheEnd()).isTrue();
      assertThat(node.port.parked()).isZero();
    }
  }

  /** A cut, while a client sends, takes the answer from it. */
  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void whoIsRefusedMayGoOnSending(Transport transport) throws Exception {
    byte[] much = new byte[4 << 20]; // more than the buffers of both kernels hold
    try (PortFixture node = node(transport, certificates.copy(first))) {
      for (String version : List.of("TLSv1.2", "TLSv1.3")) {
        try (SSLSocket client =
            (SSLSocket)
                trusting().getSocketFactory().createSocket("localhost", node.address().getPort())) {
          client.setEnabledProtocols(new String[] {version});
          OutputStream out = client.getOutputStream();
          String head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n";
          out.write((head + "1".repeat(60_000)).getBytes(US_ASCII));
          InputStream in = client.getInputStream();
          assertThat(new String(in.readNBytes(12), US_ASCII)).isEqualTo("HTTP/1.1 413");
          out.write(much);
          assertThat(new String(in.readAllBytes(), US_ASCII)).contains("2097152");
        }
      }
    }
  }

  /** A flood would cost a handshake each, so what is more than 256 gets an alert in its place. */
  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void aConnectionTooManyIsToldSoByTls(Transport transport) throws Exception {
    Options one =
        options(transport, certificates.copy(first))
            .with(LimitOptions.MAX_CONNECTIONS_PER_ADDRESS, 1);
    try (PortFixture node = new PortFixture(one)) {
      SSLContext context = trusting();
      List<Socket> silent = new ArrayList<>();
      try (Socket held = context.getSocketFactory().createSocket()) {
        held.connect(node.address());
        held.getOutputStream().write("GET /7 HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII));
        await().until(() -> node.port.parked() == 1);
        for (Version version : Version.values()) {
          HttpResponse<String> refused = ask(client(version), node, "GET", "/8").get(20, SECONDS);
          assertThat(refused.statusCode()).isEqualTo(429);
          assertThat(refused.version()).isEqualTo(version);
          assertThat(refused.body()).contains("at most 1 connections from one address");
        }
        while (silent.size() < 260) {
          silent.add(new Socket(node.address().getAddress(), node.address().getPort()));
        }
        Socket told = await().until(() -> withBytes(silent), Optional::isPresent).orElseThrow();
        assertThat(told.getInputStream().readAllBytes()).containsExactly(21, 3, 3, 0, 2, 2, 80);
        assertThat(node.port.parked()).isEqualTo(1);
      } finally {
        for (Socket socket : silent) {
          socket.close();
        }
      }
      await()
          .untilAsserted(
              () ->
                  assertThat(
                          ask(client(Version.HTTP_2), node, "POST", "/8")
                              .get(20, SECONDS)
                              .statusCode())
                      .isBetween(200, 201));
    }
  }

  /** One of the sockets that has something to read, if any has. */
  private static Optional<Socket> withBytes(List<Socket> sockets) throws IOException {
    for (Socket socket : sockets) {
      if (socket.getInputStream().available() > 0) {
        return Optional.of(socket);
      }
    }
    return Optional.empty();
  }

  private static PortFixture node(Transport transport, PemFiles files) {
    return new PortFixture(options(transport, files));
  }

  private static Options options(Transport transport, PemFiles files) {
    return PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75))
        .with(Options.TLS_CERT, files.chain())
        .with(Options.TLS_KEY, files.key());
  }

  private static CompletableFuture<HttpResponse<String>> ask(
      HttpClient client, PortFixture node, String method, String path) {
    URI uri = URI.create("https://localhost:" + node.address().getPort() + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build();
    return client.sendAsync(request, HttpResponse.BodyHandlers.ofString());
  }

  /** Whom a client that comes now sees. */
  private static String nameOf(PortFixture node) throws Exception {
    HttpResponse<String> page = ask(client(Version.HTTP_2), node, "GET", "/").get(20, SECONDS);
    X509Certificate seen =
        (X509Certificate) page.sslSession().orElseThrow().getPeerCertificates()[0];
    return seen.getSubjectX500Principal().getName();
  }

  /** One that trusts everybody, and has no connection yet. */
  static HttpClient client(Version version) throws Exception {
    return HttpClient.newBuilder().sslContext(trusting()).version(version).build();
  }

  private static SSLContext trusting() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Trusting()}, null);
    return context;
  }

  /** Name and chain are not what is tested here. */
  private static final class Trusting extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
