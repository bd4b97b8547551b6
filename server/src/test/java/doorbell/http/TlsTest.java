package doorbell.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A port that speaks TLS, with certificates that are made here. */
class TlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir static Path folder;
  private static HttpOptions.Certificate first;
  private static HttpOptions.Certificate second;

  @BeforeAll
  static void certificates() throws Exception {
    first = certificate("first");
    second = certificate("second");
  }

  @ParameterizedTest
  @MethodSource("doorbell.http.PortFixture#transports")
  void aWaitAndASetByTls(Transport transport) throws Exception {
    try (PortFixture node = node(transport, copies(first))) {
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
    HttpOptions.Certificate files = copies(first);
    try (PortFixture node = node(Transport.AUTO, files)) {
      CompletableFuture<HttpResponse<String>> wait =
          ask(client(Version.HTTP_1_1), node, "GET", "/7");
      await().until(() -> node.port.parked() == 1);
      assertThat(nameOf(node)).isEqualTo("CN=first");
      replace(files, second);
      await().atMost(Duration.ofSeconds(30)).until(() -> nameOf(node).equals("CN=second"));
      assertThat(ask(client(Version.HTTP_2), node, "POST", "/7").get(20, SECONDS).statusCode())
          .isEqualTo(201);
      assertThat(wait.get(20, SECONDS).statusCode()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = SslProvider.class,
      names = {"JDK", "OPENSSL_REFCNT"})
  void filesThatAreNoPairLeaveTheOldOnesInUse(SslProvider provider) throws Exception {
    HttpOptions.Certificate files = copies(first);
    Tls tls = new Tls(files, provider);
    Files.writeString(files.key(), "half a key");
    touch(files.key(), 1);
    SslContext before = tls.current();
    tls.reload();
    assertThat(tls.current()).isSameAs(before);
    replace(files, second);
    tls.reload();
    assertThat(tls.current()).isNotSameAs(before);
  }

  @Test
  void filesThatAreNoPairStopTheStartWithASentence() throws Exception {
    HttpOptions.Certificate mixed = new HttpOptions.Certificate(first.chain(), second.key());
    for (HttpOptions.Certificate files :
        new HttpOptions.Certificate[] {
          mixed, new HttpOptions.Certificate(folder.resolve("none"), first.key())
        }) {
      assertThatThrownBy(() -> node(Transport.AUTO, files))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("can't use the certificate " + files.chain())
          .hasMessageContaining("PEM");
    }
  }

  @ParameterizedTest
  @MethodSource("doorbell.http.PortFixture#transports")
  void aPlainRequestIsToldToUseTls(Transport transport) throws Exception {
    try (PortFixture node = node(transport, copies(first))) {
      Peer peer = node.connect().say("GET /7 HTTP/1.1\nHost: a\n\n");
      Answer answer = peer.hear();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("this port speaks TLS; use https://");
      assertThat(peer.hearsTheEnd()).isTrue();
      assertThat(node.port.parked()).isZero();
    }
  }

  private static PortFixture node(Transport transport, HttpOptions.Certificate files) {
    HttpOptions plain =
        PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75));
    return new PortFixture(
        new HttpOptions(
            plain.listen(),
            files,
            transport,
            plain.loops(),
            "",
            plain.maxWait(),
            plain.maxWaits(),
            0,
            plain.maxWaitsPerConnection(),
            plain.headTimeout(),
            plain.idleTimeout()));
  }

  private static CompletableFuture<HttpResponse<String>> ask(
      HttpClient client, PortFixture node, String method, String path) {
    URI uri = URI.create("https://localhost:" + node.port.address().getPort() + path);
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
  private static HttpClient client(Version version) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Trusting()}, null);
    return HttpClient.newBuilder().sslContext(context).version(version).build();
  }

  private static HttpOptions.Certificate certificate(String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-keyalg",
                "EC",
                "-ext",
                "san=dns:localhost",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    assertThat(keytool.waitFor()).as(said).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    Key key = requireNonNull(keys.getKey(name, PASSWORD));
    Certificate certificate = requireNonNull(keys.getCertificate(name));
    return new HttpOptions.Certificate(
        pem(name + ".crt", "CERTIFICATE", certificate.getEncoded()),
        pem(name + ".key", "PRIVATE KEY", key.getEncoded()));
  }

  private static Path pem(String file, String kind, byte[] bytes) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return Files.writeString(
        folder.resolve(file),
        "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
  }

  private static HttpOptions.Certificate copies(HttpOptions.Certificate files) throws IOException {
    Path copies = Files.createTempDirectory(folder, "copies");
    return new HttpOptions.Certificate(
        Files.copy(files.chain(), copies.resolve("chain.pem")),
        Files.copy(files.key(), copies.resolve("key.pem")));
  }

  /** As others replace files, and with times that differ however coarse the file system's are. */
  private static void replace(HttpOptions.Certificate files, HttpOptions.Certificate by)
      throws IOException {
    Files.write(files.key(), Files.readAllBytes(by.key()));
    touch(files.key(), 2);
    Files.write(files.chain(), Files.readAllBytes(by.chain()));
    touch(files.chain(), 2);
  }

  private static void touch(Path file, int later) throws IOException {
    long now = Files.getLastModifiedTime(file).toMillis();
    Files.setLastModifiedTime(file, FileTime.fromMillis(now + later * 1_000L));
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
