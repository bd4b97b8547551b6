package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.cli.run.ExitCode;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShutdownTest {
  private final HttpClient http = HttpClient.newHttpClient();

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void aSignalAnswersParkedWaitsAndEndsWell(String signal, @TempDir Path directory)
      throws Exception {
    try (NodeProcess node = serve(directory)) {
      URI url = node.url();
      try (Socket waiter = new Socket(url.getHost(), url.getPort())) {
        waiter.getOutputStream().write(get("/1"));
        // One loop serves both in the order they came: when the set is answered, the wait is
        // parked.
        assertThat(post(url.resolve("/2")).statusCode()).isEqualTo(201);
        await().until(() -> node.errors().endsWith("\n"));
        signal(node, signal);
        String answer = new String(waiter.getInputStream().readAllBytes(), US_ASCII);
        assertThat(answer).startsWith("HTTP/1.1 204 ").contains("\r\nConnection: close\r\n");
      }
      assertThat(node.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(node.process.exitValue()).isZero();
      assertThat(node.errors()).matches("\\S+ INFO  doorbell \\S+ at " + url + ": store .*\n");
    }
    try (NodeProcess again = serve(directory)) {
      assertThat(post(again.url().resolve("/2")).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aNodeThatCantGoOnEndsItsProcessAndSaysWhy() throws Exception {
    Process node =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                BrokenNode.class.getName())
            .start();
    try {
      assertThat(node.waitFor(60, TimeUnit.SECONDS)).isTrue();
      String said = new String(node.getErrorStream().readAllBytes(), US_ASCII);
      assertThat(node.exitValue()).isEqualTo(ExitCode.BROKEN);
      assertThat(said).contains("doorbell: the node can't go on and ends: ");
    } finally {
      node.destroyForcibly();
    }
  }

  @Test
  void theMemoryStoreKeepsNothingPastTheProcess() throws Exception {
    for (int run = 0; run < 2; run++) {
      try (NodeProcess node = NodeProcess.serve("--store", "memory")) {
        assertThat(post(node.url().resolve("/2")).statusCode()).isEqualTo(201);
      }
    }
  }

  @Test
  void theEnvironmentAndAFileConfigureANodeAndTheCommandLineWins(@TempDir Path directory)
      throws Exception {
    Path file = directory.resolve("doorbell.properties");
    Files.writeString(file, "store=memory\nbase-path=/from-file\nmax-wait=1s\n");
    Map<String, String> environment =
        Map.of("DOORBELL_LISTEN", "127.0.0.1:0", "DOORBELL_BASE_PATH", "/from-environment");
    try (NodeProcess node =
        NodeProcess.start(environment, "serve", "--config", file.toString(), "--max-wait", "2s")) {
      URI url = node.url();
      assertThat(post(url.resolve("/from-environment/7")).statusCode()).isEqualTo(201);
      assertThat(post(url.resolve("/from-file/7")).statusCode()).isEqualTo(404);
    }
  }

  private static NodeProcess serve(Path directory) throws IOException {
    return NodeProcess.serve(
        "--store", "rocksdb:" + directory.resolve("store"), "--drain", "0s", "--loops", "1");
  }

  private static void signal(NodeProcess node, String name) throws Exception {
    String pid = Long.toString(node.process.pid());
    assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
  }

  private HttpResponse<String> post(URI uri) throws Exception {
    HttpRequest set = HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.noBody()).build();
    return http.send(set, BodyHandlers.ofString());
  }

  private static byte[] get(String path) {
    return ("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(US_ASCII);
  }
}
