package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.client.SealedId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartTest {
  /** What puts a record's equals together, by method handles, for longer than an answer takes. */
  private static final String SLOW_EQUALS = "java.lang.runtime.ObjectMethods ";

  /** What a store that nodes share alone loads. */
  private static final List<String> OF_SHARED =
      List.of(
          "io.lettuce",
          "reactor.",
          "doorbell.store.redis.RedisStore ",
          "org.postgresql",
          "java.sql.Connection",
          "doorbell.store.postgres",
          "store.replica");

  @TempDir private Path folder;

  @Test
  void theFirstAnswersDoNotWaitForARecordsEquals() throws Exception {
    Path classes = folder.resolve("classes");
    Map<String, String> logging =
        Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load=info:file=" + classes);
    try (NodeProcess node =
            NodeProcess.start(logging, "serve", "--listen", "127.0.0.1:0", "--store", "memory");
        HttpClient client = HttpClient.newHttpClient()) {
      URI url = node.url();
      waitAndSet(client, url.resolve("/1"), "");
      SealedId sealed = SealedId.random();
      waitAndSet(client, url.resolve("/" + sealed.id()), sealed.key());
    }
    assertThat(Files.readString(classes))
        .contains("doorbell.wait.Wait ")
        .doesNotContain(SLOW_EQUALS)
        .doesNotContain("io.micrometer", "io.prometheus", "com.sun.net.httpserver")
        .doesNotContain("doorbell.limit.ClientAddress", "doorbell.limit.AddressLimits")
        .doesNotContain(OF_SHARED);
  }

  @Test
  void aNodeWithRocksDbLoadsNothingOfRedis() throws Exception {
    Path classes = folder.resolve("classes");
    Map<String, String> logging =
        Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load=info:file=" + classes);
    String store = "rocksdb:" + folder.resolve("store");
    try (NodeProcess node =
            NodeProcess.start(logging, "serve", "--listen", "127.0.0.1:0", "--store", store);
        HttpClient client = HttpClient.newHttpClient()) {
      waitAndSet(client, node.url().resolve("/1"), "");
    }
    assertThat(Files.readString(classes))
        .contains("doorbell.store.RocksStore ")
        .doesNotContain(OF_SHARED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          memory      | text | , transport
          memory      | json | , transport
          rocksdb:DIR | text | , sync os, transport
          """)
  void theLogBeginsWithWhatTheNodeIs(String store, String format, String sync) throws Exception {
    String place = store.replace("DIR", folder.resolve("store").toString());
    try (NodeProcess node =
        NodeProcess.serve(
            List.of("-Xmx96m"),
            "--store",
            place,
            "--sync=os",
            "--loops=2",
            "--transport=epoll",
            "--max-waits=1000",
            "--log-format",
            format)) {
      URI url = node.url();
      await().until(() -> node.errors().endsWith("\n"));
      String line = node.errors().replace("\\/", "/"); // as JSON may have it
      assertThat(line.lines()).hasSize(1);
      assertThat(line)
          .startsWith(format.equals("json") ? "{" : "2")
          .contains(
              " at " + url + ": store " + place + sync + " epoll, loops 2, at most 1000 waits")
          .containsPattern("INFO.*doorbell \\d\\S* at .* and \\d+ clients, heap 9[0-9]m");
      node.process.toHandle().destroy(); // the process alone would close the stream
      assertThat(node.out.readLine()).as("standard output has a single line").isNull();
    }
  }

  private static void waitAndSet(HttpClient client, URI event, String key) throws Exception {
    CompletableFuture<HttpResponse<String>> wait =
        client.sendAsync(HttpRequest.newBuilder(event).build(), BodyHandlers.ofString());
    HttpRequest ask = HttpRequest.newBuilder(URI.create(event + "?timeout=0")).build();
    assertThat(client.send(ask, BodyHandlers.discarding()).statusCode()).isEqualTo(204);
    HttpRequest set = HttpRequest.newBuilder(event).POST(BodyPublishers.ofString(key)).build();
    assertThat(client.send(set, BodyHandlers.discarding()).statusCode()).isEqualTo(201);
    assertThat(wait.join().body()).startsWith("doorbell(");
  }
}
