package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static doorbell.client.FakeNode.wake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers as servers and proxies may write them. */
class AnswersTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EventId ID = EventId.of(22482);
  private static final String BODY = "{\"set\":[\"22482\"]}\n";

  private final HandClock clock = new HandClock();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
      })
  void whatComesBeforeTheAnswerIsReadOver(String before) {
    try (FakeNode node = new FakeNode(before + wake("22482"), before + answer(201, ""))) {
      assertThat(clock.doorbell(node).wait(ID)).succeedsWithin(SOON);
      assertThat(clock.doorbell(node).set(ID)).succeedsWithin(SOON).isEqualTo(true);
      assertThat(node.requests).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 102, 103})
  void whatComesBeforeTheAnswerMayComeInPacketsOfItsOwn(int status) {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID);
      await().until(() -> node.held() == 1);
      for (String part : List.of("HTTP/1.1 ", status + " Soon\r\n", "\r\n", "HTTP/1")) {
        node.say(part);
      }
      node.release(wake("22482").substring("HTTP/1".length()));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(node.requests).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"12", "0000012", "000000000000000000000000000012", "12;note=1"})
  void theSizeOfAChunkMayHaveLeadingZeros(String size) {
    String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    String last = size.startsWith("0") ? "0000000" : "0";
    assertThat(BODY).hasSize(0x12);
    try (FakeNode node = new FakeNode(head + size + "\r\n" + BODY + "\r\n" + last + "\r\n\r\n")) {
      assertThat(clock.doorbell(node).wait(ID)).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "deflate", "GZIP"})
  void aCodingThatNobodyAskedForIsNamedAtOnce(String coding) {
    String coded = answer(200, "\u001f\u008b\b", "Content-Encoding: " + coding);
    try (FakeNode node = new FakeNode(coded, coded, coded)) {
      Doorbell bell = clock.doorbell(node);
      for (var question : List.of(bell.wait(ID), bell.set(ID), bell.setAll(List.of(ID)))) {
        assertThat(question)
            .failsWithin(SOON)
            .withThrowableOfType(ExecutionException.class)
            .havingCause()
            .isInstanceOf(DoorbellException.class)
            .withMessageContaining("its Content-Encoding is " + coding);
      }
      assertThat(node.requests)
          .hasSize(3)
          .allMatch(request -> request.head().contains("Accept-Encoding: identity\r\n"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "7, 0, 7000",
    "7, 1, 14000",
    "0, 1, 1000",
    "1, 0, 1000",
    "'Thu, 01 Jan 1970 00:00:00 GMT', 1, 1000"
  })
  void retryAfterIsSpreadFromOnceToTwiceItsTime(String value, double chance, long millis) {
    RetryPolicy pace = new RetryPolicy(() -> chance, clock.pace.nanos(), clock.pace.timer());
    try (FakeNode node = new FakeNode(answer(503, "", "Retry-After: " + value), wake("22482"))) {
      var nodes = NodeUrl.Nodes.of(List.of(node.uri("")));
      var wait = new Doorbell(nodes, Options.usual(), pace).wait(ID);
      clock.pass(Duration.ofMillis(millis));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @Test
  void aFailureThatMayPassIsLoggedOnceForEachKindAndNode() {
    List<String> lines = new ArrayList<>();
    Handler handler = new Lines(lines);
    Logger log = Logger.getLogger("doorbell.client");
    log.addHandler(handler);
    String busy = answer(503, "busy");
    String broken = answer(500, "broken");
    try (FakeNode node = new FakeNode(busy, busy, broken, busy, broken, wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      IntStream.of(500, 1_000, 2_000, 4_000, 8_000)
          .forEach(pause -> clock.pass(Duration.ofMillis(pause)));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(lines.stream().filter(line -> line.contains(node.uri("").toString())))
          .hasSize(2)
          .satisfiesExactly(
              line -> assertThat(line).startsWith("WARNING").contains("busy (status 503)"),
              line -> assertThat(line).startsWith("WARNING").contains("broken (status 500)"));
    } finally {
      log.removeHandler(handler);
    }
  }

  private static final class Lines extends Handler {
    private final List<String> lines;

    private Lines(List<String> lines) {
      this.lines = lines;
    }

    @Override
    public synchronized void publish(LogRecord line) {
      lines.add(line.getLevel() + " " + line.getMessage() + List.of(line.getParameters()));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
