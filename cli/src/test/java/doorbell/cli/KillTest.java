package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kills a real node while clients set, starts it again in the same directory, and looks for every
 * set that was acknowledged. More rounds: {@code -Dkill.rounds=100}.
 */
class KillTest {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 3);
  private static final int CLIENTS = 4;
  private static final int MOST_ACKNOWLEDGED = 3_000;
  private static final int IDS_PER_QUESTION = 64;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private final HttpClient http = HttpClient.newHttpClient();

  @ParameterizedTest
  @ValueSource(strings = {"always", "os"})
  void anAcknowledgedSetSurvivesKillAtAnyMoment(String sync, @TempDir Path directory)
      throws Exception {
    List<String> acknowledged = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      try (NodeProcess node = serve(directory, sync)) {
        URI url = node.url();
        assertAllSet(url, acknowledged);
        acknowledged.addAll(setUntilKilled(node, url));
      }
    }
    try (NodeProcess node = serve(directory, sync)) {
      assertAllSet(node.url(), acknowledged);
    }
  }

  private static NodeProcess serve(Path directory, String sync) throws IOException {
    return NodeProcess.serve("--store", "rocksdb:" + directory.resolve("store"), "--sync", sync);
  }

  /** Several clients set one id after the other; the node dies at a random acknowledgement. */
  private List<String> setUntilKilled(NodeProcess node, URI url) throws InterruptedException {
    ConcurrentLinkedQueue<String> acknowledged = new ConcurrentLinkedQueue<>();
    CountDownLatch untilKill = new CountDownLatch(1 + random.nextInt(MOST_ACKNOWLEDGED));
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      long start = random.nextLong(1L << 60);
      clients.add(Thread.ofPlatform().start(() -> set(url, start, acknowledged, untilKill)));
    }
    untilKill.await();
    node.process.destroyForcibly();
    for (Thread client : clients) {
      client.join();
    }
    return List.copyOf(acknowledged);
  }

  private static void set(
      URI url, long start, ConcurrentLinkedQueue<String> acknowledged, CountDownLatch untilKill) {
    try (Socket socket = new Socket(url.getHost(), url.getPort());
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))) {
      for (long id = start; ; id++) {
        String request = "POST /" + id + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        String line = in.readLine();
        if (line == null || !line.equals("HTTP/1.1 201 Created")) {
          return;
        }
        acknowledged.add(Long.toString(id));
        untilKill.countDown();
        while (line != null && !line.isEmpty()) {
          line = in.readLine();
        }
      }
    } catch (IOException killed) {
      // What was not acknowledged may be lost.
    }
  }

  private void assertAllSet(URI url, List<String> ids) throws Exception {
    for (int from = 0; from < ids.size(); from += IDS_PER_QUESTION) {
      List<String> some = ids.subList(from, Math.min(from + IDS_PER_QUESTION, ids.size()));
      HttpRequest question =
          HttpRequest.newBuilder(url.resolve("/" + String.join(",", some) + "?timeout=0"))
              .header("Accept", "application/json")
              .build();
      String answer = http.send(question, BodyHandlers.ofString()).body();
      assertThat(answer)
          .as("seed %s", seed)
          .isEqualTo("{\"set\":[\"" + String.join("\",\"", some) + "\"]}\n");
    }
  }
}
