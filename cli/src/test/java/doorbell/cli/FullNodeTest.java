package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.client.SealedId;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node that remembers as many sets as it has room for: it refuses more, and goes on. */
class FullNodeTest {
  private static final int LINES = 10_000;
  private static final String NO_ROOM = " sets and has no room for more; try later\"";

  private final HttpClient client = HttpClient.newHttpClient();

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSmallHeapTakesAsManySetsAsFitAndRefusesTheRest(boolean isSealed) throws Exception {
    int rounds = isSealed ? 100 : 300;
    LongFunction<String> line = isSealed ? FullNodeTest::sealed : Long::toString;
    try (NodeProcess node =
        NodeProcess.start(
            Map.of("JDK_JAVA_OPTIONS", "-Xmx64m"),
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--store",
            "memory")) {
      URI url = node.url();
      int taken = 0;
      for (int round = 0; round < rounds; round++) {
        HttpResponse<String> answer = post(url.resolve("/"), lines(round, line));
        taken += answer.statusCode() == 200 ? 1 : 0;
        if (answer.statusCode() != 200) {
          isRefused(answer);
        }
      }
      assertThat(taken).isBetween(2, rounds - 2);
      String[] first = line.apply(0).split(" ", 2);
      assertThat(post(url.resolve("/" + first[0]), first[first.length - 1]).statusCode())
          .isEqualTo(200);
      assertThat(get(url.resolve("/" + first[0] + "?timeout=0"))).isEqualTo(200);
      isRefused(post(url.resolve("/" + Long.MAX_VALUE), ""));
      assertThat(get(url.resolve("/" + Long.MAX_VALUE + "?timeout=0"))).isEqualTo(204);
      assertThat(node.errors()).doesNotContain("OutOfMemoryError");
    }
  }

  /** A wait has 512 bytes at worst, and a set 144; the node itself needs a fifth of the heap. */
  @Test
  void aSmallHeapPromisesNoMoreThanFits() throws Exception {
    Process node =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                "doorbell.cli.Main",
                "serve",
                "--print-config")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String config = new String(node.getInputStream().readAllBytes(), UTF_8);
    long waits = number(config, "max-waits=([0-9]+)");
    long sets = number(config, "max-sets=([0-9]+)");
    long buffered = number(config, "max-buffered=([0-9]+)m") << 20;
    assertThat(waits).isBetween(40_000L, 49_152L);
    assertThat(waits * 512 + sets * 144 + buffered).isBetween(40L << 20, (64L << 20) * 4 / 5);
  }

  private static long number(String config, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(config);
    assertThat(matcher.find()).as("%s in %s", pattern, config).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  @Test
  void oneSetMoreThanTheNodeIsToldToRememberIsRefused() throws Exception {
    try (NodeProcess node = NodeProcess.serve("--store", "memory", "--max-sets", "3")) {
      URI url = node.url();
      for (int id = 1; id <= 3; id++) {
        assertThat(post(url.resolve("/" + id), "").statusCode()).isEqualTo(201);
      }
      isRefused(post(url.resolve("/4"), ""));
      isRefused(post(url.resolve("/"), "3\n4\n"));
      assertThat(post(url.resolve("/3"), "").statusCode()).isEqualTo(200);
      assertThat(post(url.resolve("/"), "1\n2\n3\n").body())
          .isEqualTo("{\"set\":0,\"already\":3}\n");
    }
  }

  private static String sealed(long number) {
    String key = "key" + number;
    return SealedId.ofKey(key).id() + " " + key;
  }

  private static String lines(long round, LongFunction<String> line) {
    return LongStream.range(round * LINES, (round + 1) * LINES)
        .mapToObj(line)
        .collect(Collectors.joining("\n"));
  }

  private static void isRefused(HttpResponse<String> answer) {
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).isPresent();
    assertThat(answer.body()).contains(NO_ROOM);
  }

  private HttpResponse<String> post(URI url, String body) throws Exception {
    HttpRequest set = HttpRequest.newBuilder(url).POST(BodyPublishers.ofString(body)).build();
    return client.send(set, BodyHandlers.ofString());
  }

  private int get(URI url) throws Exception {
    HttpRequest ask = HttpRequest.newBuilder(url).build();
    return client.send(ask, BodyHandlers.discarding()).statusCode();
  }
}
