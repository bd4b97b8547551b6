package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
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
