package doorbell.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What TLS finds wrong is told at once: another try would find it too. */
class TlsTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EventId ID = EventId.of(22482);
  private static final char[] PASSWORD = "password".toCharArray();

  /** No pause ever passes, so nothing that is tried again can end in time. */
  private final HandClock clock = new HandClock();

  @TempDir private Path folder;
  private HttpsServer server;
  private URI node;
  private KeyStore keys;

  @BeforeEach
  void start() throws Exception {
    Path file = folder.resolve("keys");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command =
        List.of(
            keytool,
            "-genkeypair",
            "-alias",
            "node",
            "-keyalg",
            "EC",
            "-dname",
            "CN=other",
            "-ext",
            "san=dns:other.example",
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-keystore",
            file.toString(),
            "-storepass",
            new String(PASSWORD));
    Process made = new ProcessBuilder(command).inheritIO().start();
    assertThat(made.waitFor()).isZero();
    keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    var manager = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    manager.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(manager.getKeyManagers(), null, null);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.start();
    node = URI.create("https://127.0.0.1:" + server.getAddress().getPort());
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aCertificateThatIsNotTrustedIsToldAtOnce() {
    failsForGood(clock.doorbell(node), "PKIX path building failed");
  }

  @Test
  void aCertificateOfAnotherNameIsToldAtOnce() throws Exception {
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("node", keys.getCertificate("node"));
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    HttpClient http = HttpClient.newBuilder().sslContext(context).build();
    failsForGood(clock.doorbell(node).withHttpClient(http), "alternative names");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"HTTP/1.1 400 No TLS\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-nonsense\r\n"})
  void aServerWithoutTlsIsToldAtOnce(String answer) {
    try (FakeNode plain = new FakeNode()) {
      plain.greet(answer);
      URI url = URI.create(plain.uri("").toString().replace("http:", "https:"));
      failsForGood(clock.doorbell(url), "is not trusted or speaks no TLS");
    }
  }

  private static void failsForGood(Doorbell bell, String why) {
    List<CompletableFuture<?>> questions =
        List.of(
            bell.wait(ID),
            bell.wait(ID, Duration.ofMinutes(1)),
            bell.waitAny(List.of(ID)),
            bell.set(ID),
            bell.setAll(List.of(ID)));
    for (CompletableFuture<?> question : questions) {
      assertThat(question)
          .failsWithin(SOON)
          .withThrowableOfType(ExecutionException.class)
          .havingCause()
          .isInstanceOf(DoorbellException.class)
          .withMessageContaining(why);
    }
  }
}
