package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HangupTest {
  @TempDir private Path folder;

  @Test
  void aHangupReloadsTheCertificateAndTheNodeGoesOn() throws Exception {
    Path chain = folder.resolve("chain.pem");
    Path key = folder.resolve("key.pem");
    certify("first", chain, key);
    try (NodeProcess node =
        NodeProcess.serve(
            "--store", "memory", "--tls-cert", chain.toString(), "--tls-key", key.toString())) {
      URI url = node.url();
      assertThat(name(url)).contains("CN=first");
      certify("second", chain, key);
      hangUp(node);
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(name(url)).contains("CN=second"));
      hangUp(node);
      hangUp(node);
      assertThat(name(url)).contains("CN=second");
      assertThat(node.process.isAlive()).isTrue();
    }
  }

  @Test
  void aNodeWithoutACertificateGoesOnToo() throws Exception {
    try (NodeProcess node = NodeProcess.serve("--store", "memory")) {
      String event = node.url() + "/5";
      hangUp(node);
      try (NodeProcess set = NodeProcess.start(Map.of(), "set", event)) {
        assertThat(set.process.waitFor()).isZero();
      }
      assertThat(node.process.isAlive()).isTrue();
      node.process.destroy();
      assertThat(node.process.waitFor()).isZero();
    }
  }

  @Test
  void aHangupReadsTheFileAgainAndSaysWhatNeedsANewStart() throws Exception {
    Path file = Files.writeString(folder.resolve("conf"), "max-waits=1000\nstore=memory\n");
    try (NodeProcess node = NodeProcess.serve("--config", file.toString())) {
      String event = node.url() + "/5";
      Files.writeString(file, "max-wait=1s\nmax-waits=1000\nstore=memory\nloops=1\n");
      hangUp(node);
      hears(node, "was read again; a new start is needed for loops");
      assertThat(status(event)).as("the hold of now").isEqualTo(204);
      Files.writeString(file, "max-waits=1\nstore=memory\nlog-level=error\n");
      hangUp(node);
      await().until(() -> status(event + ",6") == 503);
      Files.writeString(file, "max-waits=many\nstore=memory\n");
      hangUp(node);
      hears(node, "the configuration was not taken: option '--max-waits' is 'many', but");
      assertThat(status(event + ",6")).as("as before").isEqualTo(503);
      Files.writeString(file, "max-wiats=5\n");
      hangUp(node);
      hears(node, "did you mean 'max-waits'?");
      assertThat(node.process.isAlive()).isTrue();
    }
  }

  private static void hears(NodeProcess node, String said) {
    await().untilAsserted(() -> assertThat(node.errors()).contains(said));
  }

  private static int status(String url) throws Exception {
    HttpURLConnection asked = (HttpURLConnection) URI.create(url).toURL().openConnection();
    return asked.getResponseCode();
  }

  private static void hangUp(NodeProcess node) throws Exception {
    String pid = Long.toString(node.process.pid());
    assertThat(new ProcessBuilder("kill", "-HUP", pid).start().waitFor()).isZero();
  }

  private void certify(String name, Path chain, Path key) throws Exception {
    Path newChain = folder.resolve("new-chain.pem");
    Path newKey = folder.resolve("new-key.pem");
    List<String> command =
        List.of(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=" + name,
            "-keyout",
            newKey.toString(),
            "-out",
            newChain.toString());
    Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(made.getInputStream().readAllBytes(), UTF_8);
    assertThat(made.waitFor()).as(said).isZero();
    Files.move(newKey, key, StandardCopyOption.REPLACE_EXISTING);
    Files.move(newChain, chain, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Of the certificate that a client sees now. */
  private static String name(URI url) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new X509TrustManager[] {new Trusting()}, null);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(url.getHost(), url.getPort())) {
      socket.startHandshake();
      X509Certificate seen = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return seen.getSubjectX500Principal().getName();
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static final class Trusting implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
