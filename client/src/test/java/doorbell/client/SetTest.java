package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SetTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final EventId ID = EventId.of(22482);
  private static final String DONE = answer(201, "");

  private final HandClock clock = new HandClock();

  @Test
  void oneCallerIsToldThatItSet() {
    try (FakeNode node = new FakeNode(DONE, answer(200, ""))) {
      assertThat(clock.doorbell(node).set(ID)).succeedsWithin(SOON).isEqualTo(true);
      assertThat(clock.doorbell(node).set(ID)).succeedsWithin(SOON).isEqualTo(false);
      assertThat(node.lines()).containsOnly("POST /22482");
      clock.awaitNonePending();
    }
  }

  @Test
  void aSealedIdIsSetByItsKey() {
    SealedId sealed = SealedId.ofKey("open-sesame");
    try (FakeNode node = new FakeNode(DONE)) {
      assertThat(clock.doorbell(node).set(sealed)).succeedsWithin(SOON).isEqualTo(true);
      assertThat(node.lines()).containsExactly("POST /" + sealed.id());
      assertThat(node.requests.get(0).body()).isEqualTo("open-sesame");
    }
  }

  @Test
  void aRefusedSetIsNotTriedAgain() {
    String problem = "{\"detail\":\"the body is not the key\"}";
    try (FakeNode node = new FakeNode(answer(403, problem))) {
      fails(clock.doorbell(node).set(SealedId.random().id()), 403)
          .withMessageContaining("the body is not the key");
      assertThat(node.requests).hasSize(1);
    }
  }

  @Test
  void aTokenGoesWithSetsAndNotWithWaits() {
    String wake = FakeNode.wake("22482");
    try (FakeNode node = new FakeNode(DONE, answer(200, "{\"set\":1,\"already\":0}"), wake)) {
      Doorbell doorbell = clock.doorbell(node).withToken("0123456789abcdef");
      assertThat(doorbell.set(ID)).succeedsWithin(SOON);
      assertThat(doorbell.setAll(List.of(ID))).succeedsWithin(SOON);
      assertThat(doorbell.wait(ID)).succeedsWithin(SOON);
      assertThat(node.requests.subList(0, 2))
          .allMatch(set -> set.head().contains("Authorization: Bearer 0123456789abcdef\r\n"));
      assertThat(node.requests.get(2).head()).doesNotContainIgnoringCase("authorization");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void aSetThatIsRefusedForItsTokenIsNotTriedAgain(int status) {
    String problem = "{\"detail\":\"a set needs a token here\"}";
    try (FakeNode node = new FakeNode(answer(status, problem, "WWW-Authenticate: Bearer"))) {
      fails(clock.doorbell(node).withToken("0123456789abcdef").set(ID), status)
          .withMessageContaining("a set needs a token here")
          .withMessageNotContaining("0123456789abcdef");
      assertThat(node.requests).hasSize(1);
    }
  }

  @Test
  void aSetIsTriedAgainUntilItIsTaken() {
    String busy = answer(503, "", "Retry-After: 1");
    try (FakeNode node = new FakeNode(busy, busy, DONE)) {
      var set = clock.doorbell(node).withPatience(Duration.ofSeconds(30)).set(ID);
      clock.pass(Duration.ofMillis(1_500));
      clock.pass(Duration.ofMillis(1_500));
      assertThat(set).succeedsWithin(SOON).isEqualTo(true);
    }
  }

  @Test
  void aSetThatCannotBeTakenInTimeTellsWhyAtOnce() {
    try (FakeNode node = new FakeNode(answer(503, "the disk is full", "Retry-After: 60"))) {
      fails(clock.doorbell(node).set(ID), 503)
          .withMessage("Could not set 22482 in 1 s: the disk is full (status 503)");
      clock.awaitNonePending();
    }
  }

  @Test
  void aSetIsTriedForASecondUnlessItsCallerHasMorePatience() throws IOException {
    try (Socket nobody = FakeNode.nobody()) {
      Doorbell dead = clock.doorbell(FakeNode.uri(nobody.getLocalPort(), ""));
      var set = dead.set(ID);
      for (int i = 0; i < 4; i++) {
        clock.pass(Duration.ofMillis(200));
      }
      fails(set, 0).withMessageContaining("Nobody answers at " + dead.node());
      var patient = dead.withPatience(Duration.ofSeconds(3)).set(ID);
      clock.pass(Duration.ofMillis(500));
      clock.awaitPending(Duration.ofMillis(600));
      clock.advance(Duration.ofSeconds(3));
      fails(patient, 0).withMessageStartingWith("Could not set 22482 in 3 s: ");
    }
  }

  @Test
  void aSilentNodeIsAskedAgainAfterTenSeconds() {
    try (FakeNode node = new FakeNode()) {
      var set = clock.doorbell(node).withPatience(Duration.ofSeconds(30)).set(ID);
      await().until(() -> node.held() == 1);
      clock.advance(Duration.ofSeconds(10));
      await().until(() -> node.hangUps.get() == 1);
      node.prepare(DONE);
      clock.pass(Duration.ofMillis(500));
      assertThat(set).succeedsWithin(SOON).isEqualTo(true);
    }
  }

  @ParameterizedTest
  @CsvSource({"200,<html>welcome</html>", "201,created", "204,''", "202,''"})
  void anAnswerThatIsNoNodesIsToldAtOnce(int status, String body) {
    try (FakeNode node = new FakeNode(answer(status, body, "Content-Type: text/html"))) {
      fails(clock.doorbell(node).set(ID), status)
          .withMessageContaining(node.uri("/22482") + " is not a Doorbell node")
          .withMessageContaining(status + " with text/html");
      assertThat(node.requests).hasSize(1);
    }
  }

  @Test
  void aSetIsNotRedirected() {
    try (FakeNode other = new FakeNode(DONE);
        FakeNode node = new FakeNode(answer(307, "", "Location: " + other.uri("/22482")))) {
      fails(clock.doorbell(node).set(SealedId.random()), 307);
      assertThat(other.requests).isEmpty();
    }
  }

  @Test
  void spreadPacesTheWake() {
    try (FakeNode node = new FakeNode(DONE, answer(200, "{\"set\":1,\"already\":0}"))) {
      Doorbell doorbell = clock.doorbell(node).withSpread(Duration.ofMillis(2_500));
      assertThat(doorbell.set(ID)).succeedsWithin(SOON);
      assertThat(doorbell.setAll(List.of(ID))).succeedsWithin(SOON);
      assertThat(node.lines()).containsExactly("POST /22482?spread=2.5", "POST /?spread=2.5");
    }
  }

  @Test
  void manyAreSetByTenThousandAtATime() {
    try (FakeNode node = new FakeNode(counts(9_000, 1_000), counts(10_000, 0), counts(0, 5_000))) {
      var ids = LongStream.range(0, 25_000).mapToObj(EventId::of).toList();
      var count = clock.doorbell(node).setAll(ids);
      assertThat(count).succeedsWithin(SOON).isEqualTo(new SetCount(19_000, 6_000));
      assertThat(node.lines()).containsExactly("POST /", "POST /", "POST /");
      String all = String.join("\n", node.requests.stream().map(FakeNode.Request::body).toList());
      assertThat(all.lines()).containsExactlyElementsOf(ids.stream().map(EventId::text).toList());
      assertThat(node.requests.get(0).body().lines()).hasSize(10_000);
    }
  }

  @Test
  void sealedLinesCarryTheirKeys() {
    SealedId one = SealedId.ofKey("k1");
    SealedId two = SealedId.ofKey("k2");
    try (FakeNode node = new FakeNode(counts(2, 0))) {
      assertThat(clock.doorbell(node).setAllSealed(List.of(one, two))).succeedsWithin(SOON);
      assertThat(node.requests.get(0).body()).isEqualTo(one.id() + " k1\n" + two.id() + " k2");
    }
  }

  @Test
  void noIdsNeedNoRequest() {
    try (FakeNode node = new FakeNode()) {
      assertThat(clock.doorbell(node).setAll(List.of())).isCompletedWithValue(new SetCount(0, 0));
      assertThat(node.requests).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"set\":1,\"already\":0}", "ok", ""})
  void aCountThatDoesNotAddUpIsNoAnswer(String body) {
    try (FakeNode node = new FakeNode(answer(200, body))) {
      fails(clock.doorbell(node).setAll(List.of(ID, ID)), 200)
          .withMessageContaining("is not a Doorbell node");
    }
  }

  @Test
  void aRefusedListEndsThere() {
    String problem = "{\"detail\":\"line 3: a key is missing\"}";
    try (FakeNode node = new FakeNode(counts(10_000, 0), answer(400, problem))) {
      var ids = LongStream.range(0, 25_000).mapToObj(EventId::of).toList();
      fails(clock.doorbell(node).setAll(ids), 400).withMessageContaining("line 3: a key");
      assertThat(node.requests).hasSize(2);
    }
  }

  private static String counts(int set, int already) {
    return answer(200, "{\"set\":" + set + ",\"already\":" + already + "}\n");
  }

  private static ThrowableAssertAlternative<?> fails(CompletableFuture<?> future, int status) {
    return assertThat(future)
        .failsWithin(SOON)
        .withThrowableOfType(ExecutionException.class)
        .havingCause()
        .isInstanceOfSatisfying(
            DoorbellException.class, e -> assertThat(e.status()).isEqualTo(status));
  }
}
