package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartTest {
  /** What puts a record's equals together, by method handles, for longer than an answer takes. */
  private static final String SLOW_EQUALS = "java.lang.runtime.ObjectMethods ";

  @TempDir private Path folder;

  @Test
  void theFirstAnswersDoNotWaitForARecordsEquals() throws Exception {
    Path classes = folder.resolve("classes");
    Map<String, String> logging =
        Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load=info:file=" + classes);
    try (NodeProcess node =
            NodeProcess.start(logging, "serve", "--listen", "127.0.0.1:0", "--store", "memory");
        HttpClient client = HttpClient.newHttpClient()) {
      URI event = node.url().resolve("/1");
      CompletableFuture<HttpResponse<String>> wait =
          client.sendAsync(HttpRequest.newBuilder(event).build(), BodyHandlers.ofString());
      HttpRequest ask = HttpRequest.newBuilder(event.resolve("/1?timeout=0")).build();
      assertThat(client.send(ask, BodyHandlers.discarding()).statusCode()).isEqualTo(204);
      HttpRequest set = HttpRequest.newBuilder(event).POST(BodyPublishers.noBody()).build();
      assertThat(client.send(set, BodyHandlers.discarding()).statusCode()).isEqualTo(201);
      assertThat(wait.join().body()).isEqualTo("doorbell(1);\n");
    }
    assertThat(Files.readString(classes))
        .contains("doorbell.http.Wait ")
        .doesNotContain(SLOW_EQUALS);
  }
}
