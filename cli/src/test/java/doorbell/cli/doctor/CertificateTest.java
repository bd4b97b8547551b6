package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.cli.doctor.Certificate.Trust;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateTest {
  private static final String NO_PATH = "PKIX path building failed: no path";

  @TempDir private static Path folder;

  /** Signs itself, for bell.example and *.bells.example; 90 days. */
  private static X509Certificate leaf;

  private static Instant end;

  @BeforeAll
  static void make() throws Exception {
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String store = folder.resolve("store").toString();
    run(
        keytool,
        "-genkeypair",
        "-keystore",
        store,
        "-storepass",
        "changeit",
        "-alias",
        "bell",
        "-keyalg",
        "EC",
        "-dname",
        "CN=bell",
        "-validity",
        "90",
        "-ext",
        "san=dns:bell.example,dns:*.bells.example,ip:127.0.0.1");
    byte[] pem =
        run(
            keytool,
            "-exportcert",
            "-keystore",
            store,
            "-storepass",
            "changeit",
            "-alias",
            "bell",
            "-rfc");
    Files.write(folder.resolve("pem"), pem);
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    leaf = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(pem));
    end = leaf.getNotAfter().toInstant();
  }

  @Test
  void aCertificateThatEndsSoonIsToldInItsLastTenth() {
    assertThat(Certificate.trusted("TLSv1.3", leaf, end.minus(30, ChronoUnit.DAYS)).text())
        .matches("the certificate holds until 20..-..-..; TLS 1.3");
    Finding soon = Certificate.trusted("TLSv1.3", leaf, end.minus(8, ChronoUnit.DAYS));
    assertThat(soon.isCross()).isTrue();
    assertThat(soon.text()).startsWith(Certificate.HOLDS).endsWith("for 8 days only");
  }

  @Test
  void theReasonOfARefusalIsTold() {
    Instant now = end.minus(30, ChronoUnit.DAYS);
    assertThat(refused("bell.example", end.plusSeconds(1), NO_PATH)).contains("ended on 20");
    assertThat(refused("bell.example", end.minus(99, ChronoUnit.DAYS), NO_PATH))
        .contains("begins on 20");
    assertThat(refused("other.example", now, NO_PATH))
        .contains("isn't for other.example, but for bell.example, *.bells.example, 127.0.0.1");
    assertThat(refused("bell.example", now, NO_PATH)).contains("signed by nobody but itself");
    assertThat(refused("bell.example", now, "constraints check failed: \u001b"))
        .endsWith("is refused: constraints check failed: ?");
  }

  @Test
  void aStarIsOneLabel() {
    List<String> names = List.of("bell.example", "*.bells.example", "0:0:0:0:0:0:0:1");
    assertThat(Certificate.isFor("BELL.example", names)).isTrue();
    assertThat(Certificate.isFor("a.bells.example", names)).isTrue();
    assertThat(Certificate.isFor("::1", names)).isTrue();
    assertThat(Certificate.isFor("a.b.bells.example", names)).isFalse();
    assertThat(Certificate.isFor("bells.example", names)).isFalse();
    assertThat(Certificate.isFor("::2", names)).isFalse();
  }

  /** A byte of a long record now and then comes in time each, and is no answer. */
  @Test
  void aHandshakeHasAnEnd() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor()) {
      Future<?> drip = thread.scheduleAtFixedRate(new Drip(server), 0, 10, MILLISECONDS);
      String url = "https://127.0.0.1:" + server.getLocalPort();
      Site site = Site.of(url, Duration.ofSeconds(1), Trust.of(null));
      assertThat(Certificate.check(site, Duration.ofMillis(300)).text())
          .isEqualTo("in the handshake, there is no answer");
      drip.cancel(false);
    }
  }

  /** Takes a connection, and sends one byte each time; hangs up after some seconds. */
  private static final class Drip implements Runnable {
    private static final byte[] RECORD =
        ByteBuffer.allocate(500).put(new byte[] {22, 3, 3, 64}).array();

    private final ServerSocket server;
    private @Nullable Socket client;
    private int sent;

    Drip(ServerSocket server) {
      this.server = server;
    }

    @Override
    public void run() {
      try {
        client = client == null ? server.accept() : client;
        client.getOutputStream().write(RECORD, sent++, 1);
        if (sent == RECORD.length) {
          client.close();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e); // ends it
      }
    }
  }

  @Test
  void aFileWithoutACertificateIsRefused() throws Exception {
    assertThat(Trust.of(folder.resolve("pem")).context()).isNotNull();
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Path file : List.of(empty, folder.resolve("none"), folder.resolve("store"))) {
      assertThatThrownBy(() -> Trust.of(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("can't take a certificate from " + file);
    }
  }

  private static String refused(String host, Instant now, String why) {
    return Certificate.distrusted(host, List.of(leaf), now, why).text();
  }

  private static byte[] run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    byte[] said = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as("%s", new String(said, UTF_8)).isZero();
    return said;
  }
}
