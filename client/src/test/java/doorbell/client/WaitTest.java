package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static doorbell.client.FakeNode.wake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WaitTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EventId ID = EventId.of(22482);
  private static final String NOT_YET = answer(204, "");

  /** 25 s, jittered by a clock whose chance is in the middle. */
  private static final Duration HOLD = Duration.ofMillis(22_500);

  private final HandClock clock = new HandClock();

  @Test
  void aWaitEndsWhenTheNodeNamesItsId() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID);
      await().until(() -> node.held() == 1);
      assertThat(wait).isNotDone();
      node.release(wake("22482"));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(node.lines()).containsExactly("GET /22482?timeout=22.5");
      assertThat(node.requests.get(0).head()).containsIgnoringCase("accept: application/json");
      clock.awaitNonePending();
    }
  }

  @Test
  void anIdIsAskedAndNamedInTheTextThatItWasGivenIn() {
    String text = "550E8400-E29B-41D4-A716-446655440000";
    try (FakeNode node = new FakeNode(wake(text))) {
      assertThat(clock.doorbell(node).wait(EventId.of(text))).succeedsWithin(SOON);
      assertThat(node.lines()).containsExactly("GET /" + text + "?timeout=22.5");
    }
  }

  @Test
  void aHeldNotYetIsAskedAgainAtOnce() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID);
      for (int round = 1; round <= 3; round++) {
        int asked = round;
        await().until(() -> node.requests.size() == asked && node.held() == 1);
        clock.advance(HOLD);
        node.release(NOT_YET);
      }
      await().until(() -> node.held() == 1);
      node.release(wake("22482"));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(node.requests).hasSize(4);
    }
  }

  @Test
  void aNotYetTooSoonIsAskedAgainAfterAPause() {
    try (FakeNode node = new FakeNode(NOT_YET, NOT_YET, wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.pass(Duration.ofMillis(500));
      clock.pass(Duration.ofSeconds(1));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void aPassingRefusalIsTriedAgainAfterGrowingPauses(int status) {
    String refusal = answer(status, "busy");
    try (FakeNode node = new FakeNode(refusal, refusal, refusal, wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.pass(Duration.ofMillis(500));
      clock.pass(Duration.ofSeconds(1));
      clock.pass(Duration.ofSeconds(2));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @Test
  void retryAfterIsHonouredAndSpread() {
    try (FakeNode node = new FakeNode(answer(503, "", "Retry-After: 7"), wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.awaitPending(Duration.ofMillis(10_500)); // of 7 to 14 s
      clock.advance(Duration.ofMillis(10_499));
      assertThat(node.requests).hasSize(1);
      clock.advance(Duration.ofMillis(1));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"})
  void noRetryAfterSendsAClientAwayForGood(String value) {
    try (FakeNode node = new FakeNode(answer(429, "", "Retry-After: " + value), wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.pass(Duration.ofSeconds(450)); // of 5 to 10 minutes
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-5", "soon", "1e9", "Thu, 01 Jan 1970 00:00:00 GMT"})
  void aRetryAfterWithoutSenseIsNone(String value) {
    try (FakeNode node = new FakeNode(answer(503, "", "Retry-After: " + value), wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.pass(Duration.ofMillis(500));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @Test
  void aRefusalIsNotTriedAgainAndShowsTheNodesSentence() {
    String problem = "{\"status\":400,\"detail\":\"at most \\\"64\\\" ids\\u0021\"}";
    try (FakeNode node = new FakeNode(answer(400, problem))) {
      var wait = clock.doorbell(node).wait(ID);
      fails(wait, 400).withMessageContaining("at most \"64\" ids!");
      assertThat(node.requests).hasSize(1);
      clock.awaitNonePending();
    }
  }

  @Test
  void aRefusalWithoutAProblemShowsItsText() {
    try (FakeNode node = new FakeNode(answer(404, "no such path\n"))) {
      fails(clock.doorbell(node).wait(ID), 404).withMessageContaining("no such path (status 404)");
    }
  }

  @Test
  void aLongSentenceIsCutShort() {
    String problem = "{\"detail\":\"" + "\\u00e9long ".repeat(5_000) + "\"}";
    try (FakeNode node = new FakeNode(answer(400, problem))) {
      fails(clock.doorbell(node).wait(ID), 400)
          .withMessageContaining("élong élong")
          .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(400));
    }
  }

  @Test
  void aRedirectIsNotFollowed() {
    try (FakeNode other = new FakeNode(wake("22482"));
        FakeNode node = new FakeNode(answer(302, "", "Location: " + other.uri("/22482")))) {
      fails(clock.doorbell(node).wait(ID), 302).withMessageContaining("redirect");
      assertThat(other.requests).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html>Please log in</html>",
        "{}",
        "{\"set\":[]}",
        "{\"set\":[\"5\"]}",
        "{\"set\":[\"224820\",\"2248\"]}",
        "{\"set\":[\"22482\"",
        "{\"set\":1,\"already\":0}",
        "doorbell(22482);\n"
      })
  void anAnswerThatDoesNotNameTheIdIsToldAtOnce(String body) {
    try (FakeNode node = new FakeNode(answer(200, body))) {
      fails(clock.doorbell(node).wait(ID), 200)
          .withMessageContaining(node.uri("/22482") + "?timeout=22.5 is not a Doorbell node");
      assertThat(node.requests).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello"
      })
  void anAnswerThatIsNotHttpIsToldAtOnce(String answer) {
    try (FakeNode node = new FakeNode(answer)) {
      fails(clock.doorbell(node).wait(ID), 0).withMessageContaining("is not a Doorbell node");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"<html>hello</html>", "\u0015\u0003\u0001", "ICY 200"})
  void anAnswerThatEndsAndIsNotHttpIsToldAtOnce(String answer) {
    FakeNode node = new FakeNode();
    var wait = clock.doorbell(node).wait(ID);
    await().until(() -> node.held() == 1);
    node.release(answer);
    node.close();
    fails(wait, 0).withMessageContaining("is not a Doorbell node");
  }

  @Test
  void aDateOfRetryAfterIsReadByTheClockThatWroteIt() {
    String dates =
        "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\nRetry-After: Sat, 01 Jan 2000 00:00:07 GMT";
    try (FakeNode node = new FakeNode(answer(503, "", dates), wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.awaitPending(Duration.ofMillis(10_500)); // of 7 to 14 s
      clock.pass(Duration.ofMillis(10_500));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "HTTP/1.1 200 Half\r\nContent-", "HTTP/1.1 200 Half\r\nA: b\r\n\r\n{"})
  void anAnswerThatStopsIsHungUpOnTenSecondsAfterTheHold(String answer) {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID);
      await().until(() -> node.held() == 1);
      node.release(answer);
      clock.advance(HOLD.plusMillis(9_999));
      assertThat(node.open()).isEqualTo(1);
      clock.advance(Duration.ofMillis(1));
      await().until(() -> node.hangUps.get() == 1);
      node.prepare(wake("22482"));
      clock.pass(Duration.ofMillis(500));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 503})
  void anEndlessAnswerIsHungUpOn(int status) {
    String endless = "HTTP/1.1 " + status + " X\r\nContent-Length: 9999999\r\n\r\n";
    try (FakeNode node = new FakeNode(endless + " ".repeat(100_000), wake("22482"))) {
      var wait = clock.doorbell(node).wait(ID);
      await().until(() -> node.hangUps.get() == 1);
      if (status == 200) {
        fails(wait, 200).withMessageContaining("is not a Doorbell node");
      } else {
        clock.pass(Duration.ofMillis(500));
        assertThat(wait).succeedsWithin(SOON);
      }
    }
  }

  @Test
  void aDeadNodeIsTriedUntilItIsBack() throws IOException {
    Socket nobody = FakeNode.nobody();
    int port = nobody.getLocalPort();
    var wait = clock.doorbell(FakeNode.uri(port, "")).wait(ID);
    for (long pause : new long[] {500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000}) {
      clock.pass(Duration.ofMillis(pause));
    }
    clock.awaitPending(Duration.ofSeconds(15));
    nobody.close();
    try (FakeNode back = new FakeNode(port, wake("22482"))) {
      clock.advance(Duration.ofSeconds(15));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(back.requests).hasSize(1);
    }
  }

  @Test
  void aTimeoutIsSharedOutAmongTheRequests() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofSeconds(30));
      await().until(() -> node.held() == 1);
      clock.advance(HOLD);
      node.release(NOT_YET);
      await().until(() -> node.held() == 1);
      assertThat(node.lines()).containsExactly("GET /22482?timeout=22.5", "GET /22482?timeout=7.5");
      clock.advance(Duration.ofMillis(7_500));
      node.release(NOT_YET);
      timesOut(wait).withMessageContaining("22482 was not set within 30 s");
      clock.awaitNonePending();
    }
  }

  @Test
  void aTimeoutOfZeroOnlyAsks() {
    try (FakeNode node = new FakeNode(NOT_YET, wake("22482"))) {
      timesOut(clock.doorbell(node).wait(ID, Duration.ZERO));
      assertThat(clock.doorbell(node).wait(ID, Duration.ZERO)).succeedsWithin(SOON);
      assertThat(node.lines()).containsOnly("GET /22482?timeout=0");
    }
  }

  @Test
  void aTimeoutDoesNotNeedTheNode() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofSeconds(5));
      await().until(() -> node.held() == 1);
      clock.advance(Duration.ofSeconds(7));
      timesOut(wait);
      await().until(() -> node.hangUps.get() == 1);
    }
  }

  @Test
  void aTimeoutTellsTheLastFailure() {
    String failure = answer(503, "the store is out of reach");
    try (FakeNode node = new FakeNode(failure, failure)) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofMillis(50));
      clock.pass(Duration.ofMillis(50)); // what is left, and then it is asked for the last time
      timesOut(wait).havingCause().withMessageContaining("out of reach");
      assertThat(node.lines()).last().isEqualTo("GET /22482?timeout=0");
      clock.awaitNonePending();
    }
  }

  @Test
  void aFailureThatPassedIsNoCauseOfATimeout() {
    try (FakeNode node = new FakeNode(answer(503, "busy"), NOT_YET)) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofMillis(50));
      clock.pass(Duration.ofMillis(50));
      assertThat(timesOut(wait).actual()).hasNoCause();
    }
  }

  @Test
  void aTimeoutAtASilentNodeSaysSo() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofSeconds(5));
      await().until(() -> node.held() == 1);
      clock.advance(Duration.ofSeconds(7));
      timesOut(wait).havingCause().withMessageContaining(node.uri("") + " is silent");
    }
  }

  @Test
  void waitAnyTellsWhichAreSet() {
    EventId seven = EventId.of("007");
    String body = "{\"set\":[\"22482\",\"007\"]}";
    try (FakeNode node = new FakeNode(answer(200, body))) {
      var wait = clock.doorbell(node).waitAny(List.of(seven, EventId.of(8), ID, EventId.of(7)));
      assertThat(wait).succeedsWithin(SOON).isEqualTo(Set.of(seven, ID));
      assertThat(node.lines()).containsExactly("GET /007,8,22482?timeout=22.5");
    }
  }

  @Test
  void waitAnyIsForOneTo64Ids() {
    Doorbell doorbell = clock.doorbell(new FakeNode());
    var ids = LongStream.rangeClosed(1, 65).mapToObj(EventId::of).toList();
    assertThatIllegalArgumentException().isThrownBy(() -> doorbell.waitAny(ids));
    assertThatIllegalArgumentException().isThrownBy(() -> doorbell.waitAny(List.of()));
    assertThat(doorbell.waitAny(ids.subList(0, 64)).cancel(true)).isTrue();
  }

  private static ThrowableAssertAlternative<?> fails(CompletableFuture<?> future, int status) {
    return assertThat(future)
        .failsWithin(SOON)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(
            DoorbellException.class, e -> assertThat(e.status()).isEqualTo(status));
  }

  private static ThrowableAssertAlternative<?> timesOut(CompletableFuture<?> future) {
    return assertThat(future)
        .failsWithin(SOON)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOf(TimeoutException.class);
  }
}
