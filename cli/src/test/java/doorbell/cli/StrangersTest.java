package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A small node, and strangers who have it hold as much as they can. */
@EnabledOnOs(OS.LINUX)
class StrangersTest {
  private static final String LAST_NET = "-XX:+ExitOnOutOfMemoryError";
  private static final int ATTACK_SECONDS = 3;
  private static final int TIMEOUT_MILLIS = 30_000;
  private static final BigInteger LARGE = BigInteger.TEN.pow(38);
  private static final String GET = "GET /1 HTTP/1.1\r\nHost: a\r\n";
  private static final String FIELDS = "a:b\r\n".repeat(3_200);
  private static final String LINE = LARGE + " " + "k".repeat(128) + "\n";

  private interface Attack {
    void by(Stranger stranger) throws IOException;
  }

  private record Crowd(String what, int size, Attack attack) {}

  @Test
  void aNodeWhoseHeapIsSpentEnds(@TempDir Path folder) throws Exception {
    LaunchedTree tree = new LaunchedTree(folder);
    assertThat(tree.run(Map.of(), "./doorbell", "serve").lines()).contains(LAST_NET);
    List<String> small = List.of("-Xmx24m", LAST_NET);
    String all = Integer.toString(Integer.MAX_VALUE);
    try (NodeProcess node =
        NodeProcess.serve(
            small, "--store", "memory", "--max-waits", all, "--max-waits-per-connection", all)) {
      URI url = node.url();
      List<Stranger> crowd = new ArrayList<>();
      for (int i = 0; i < 50 && node.process.isAlive(); i++) {
        String waits = Stranger.text("wait " + ids(1_000, 10_000 * i, " "));
        crowd.add(new Stranger(url, 3_000).openWebSocket().say(waits));
        for (int j = 1; j < 10; j++) {
          crowd.getLast().say(Stranger.text("wait " + ids(1_000, 10_000 * i + 1_000 * j, " ")));
        }
      }
      assertThat(node.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(node.process.exitValue()).isNotZero();
      close(crowd);
    }
  }

  @Test
  void aSmallNodeServesOthersWhateverStrangersHaveItHold() throws Exception {
    try (NodeProcess node = NodeProcess.serve(List.of("-Xmx64m", LAST_NET), "--store", "memory")) {
      URI url = node.url();
      int round = 0;
      for (Crowd crowd : crowds()) {
        List<Stranger> strangers = attack(url, crowd);
        isServing(url, crowd.what, ++round);
        close(strangers);
        isServing(url, crowd.what, ++round);
      }
      assertThat(node.process.isAlive()).isTrue();
      assertThat(node.errors()).doesNotContain("OutOf");
    }
  }

  private static List<Stranger> attack(URI url, Crowd crowd) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(ATTACK_SECONDS);
    List<Stranger> strangers = new ArrayList<>();
    for (int i = 0; i < crowd.size && System.nanoTime() < end; i++) {
      strangers.add(new Stranger(url));
      crowd.attack.by(strangers.getLast());
    }
    return strangers;
  }

  private static void close(List<Stranger> strangers) throws IOException {
    for (Stranger stranger : strangers) {
      stranger.close();
    }
  }

  private static List<Crowd> crowds() {
    String bulk = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2097152\r\n\r\n";
    String body = LINE.repeat(9_999);
    String chunked = "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    String message = Stranger.frame(0x81, 60_001, "x".repeat(60_000));
    String fragment = Stranger.frame(0x01, 60_000, "x".repeat(60_000));
    String waits = Stranger.text("wait " + ids(1_000, 0, " "));
    String errors = waits + Stranger.text("wait" + " 1 2 3 4 5 6 7 8 9".repeat(3_600));
    String pings = Stranger.frame2(6, 0, 0, "12345678").repeat(60_000);
    String answers = "GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2_000);
    String streams = streams(true);
    String unfinished = streams(false);
    return List.of(
        new Crowd("bodies", 140, stranger -> stranger.say(bulk).say(body)),
        new Crowd("messages", 1_500, stranger -> stranger.openWebSocket().say(message)),
        new Crowd("fragments", 1_500, stranger -> stranger.openWebSocket().say(fragment)),
        new Crowd("waits of WebSockets", 719, stranger -> stranger.openWebSocket().say(waits)),
        new Crowd("errors", 100, stranger -> stranger.openWebSocket().say(errors)),
        new Crowd("pings", 60, stranger -> stranger.openHttp2(65_535).say(pings)),
        new Crowd("waits of 64 ids", 15, stranger -> stranger.openHttp2(65_535).say(streams)),
        new Crowd("no window", 15, stranger -> stranger.openHttp2(0).say(streams)),
        new Crowd("requests", 15, stranger -> stranger.openHttp2(65_535).say(unfinished)),
        new Crowd("answers", 600, stranger -> stranger.say(answers)),
        new Crowd("heads", 400, stranger -> stranger.say(GET + FIELDS)),
        new Crowd("trailers", 400, stranger -> stranger.say(chunked + FIELDS)),
        new Crowd("behind", 4_000, stranger -> stranger.say(GET + "\r\n" + "x".repeat(16_000))));
  }

  private static String streams(boolean whole) {
    return IntStream.range(0, 1_000)
        .mapToObj(i -> Stranger.head2(2 * i + 1, false, "/" + ids(64, 64 * i, ","), whole))
        .collect(Collectors.joining());
  }

  /** From several connections, since each loop has some. */
  private static void isServing(URI url, String against, int round) throws IOException {
    for (int i = 0; i < 4; i++) {
      String path = "/1234567890" + (1_000 + 10 * round + i);
      assertThat(ask(url, "GET " + path + "?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n"))
          .as(against)
          .startsWith("HTTP/1.1 204");
      assertThat(ask(url, "POST " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"))
          .as(against)
          .startsWith("HTTP/1.1 201");
    }
  }

  private static String ask(URI url, String request) throws IOException {
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.getOutputStream().write(request.getBytes(US_ASCII));
      return new String(socket.getInputStream().readNBytes(16), US_ASCII);
    }
  }

  /** Ids of 39 digits, from a number on. */
  private static String ids(int count, int from, String between) {
    return IntStream.range(from, from + count)
        .mapToObj(i -> LARGE.add(BigInteger.valueOf(i)).toString())
        .collect(Collectors.joining(between));
  }
}
