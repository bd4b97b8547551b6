package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sets, and waits, at one of several nodes that share a store. */
class NodesTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofMillis(900);
  private static final EventId ID = EventId.of(22482);
  private static final String DONE = answer(201, "");
  private static final String COUNT = answer(200, "{\"set\":1,\"already\":0}");

  private static final List<Function<Doorbell, CompletableFuture<?>>> CALLS =
      List.of(bell -> bell.set(ID), bell -> bell.setAll(List.of(ID)));

  private final HandClock clock = new HandClock();

  private Doorbell doorbell(FakeNode... nodes) {
    return doorbell(Stream.of(nodes).map(node -> node.uri("")).toList());
  }

  private Doorbell doorbell(List<URI> nodes) {
    return clock.doorbell(nodes).withPatience(PATIENCE);
  }

  @Test
  void theNextNodeIsTriedIfTheFirstIsAway() throws IOException {
    try (Socket nobody = FakeNode.nobody();
        FakeNode next = new FakeNode(DONE, COUNT)) {
      List<URI> nodes = List.of(FakeNode.uri(nobody.getLocalPort(), ""), next.uri(""));
      SealedId sealed = SealedId.ofKey("open-sesame");
      assertThat(doorbell(nodes).set(sealed)).succeedsWithin(SOON).isEqualTo(true);
      assertThat(doorbell(nodes).setAllSealed(List.of(sealed))).succeedsWithin(SOON);
      assertThat(next.requests).allMatch(request -> request.body().endsWith("open-sesame"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503, 504})
  void theNextNodeIsTriedAtOnceIfTheFirstSaysWhatMayPass(int status) {
    String later = answer(status, "", "Retry-After: 60");
    try (FakeNode first = new FakeNode(later, later);
        FakeNode next = new FakeNode(DONE, COUNT)) {
      assertThat(doorbell(first, next).set(ID)).succeedsWithin(SOON).isEqualTo(true);
      assertThat(doorbell(first, next).setAll(List.of(ID))).succeedsWithin(SOON);
      assertThat(first.requests).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 400, 401, 403, 404, 413})
  void aRefusalIsNotTriedElsewhere(int status) {
    String no = answer(status, "{\"detail\":\"No.\"}", "Location: /x");
    try (FakeNode first = new FakeNode(no, no, no);
        FakeNode next = new FakeNode(DONE)) {
      Doorbell bell = doorbell(first, next);
      fails(bell.set(ID), status).withMessageStartingWith(first.uri("") + ": ");
      fails(bell.setAll(List.of(ID)), status);
      fails(bell.wait(ID), status);
      assertThat(next.requests).isEmpty();
    }
  }

  @Test
  void theLastNodeHasItsChanceIfTwoHang() {
    try (FakeNode one = new FakeNode();
        FakeNode other = new FakeNode();
        FakeNode last = new FakeNode(DONE, COUNT)) {
      for (Function<Doorbell, CompletableFuture<?>> call : CALLS) {
        CompletableFuture<?> set = call.apply(doorbell(one, other, last));
        for (FakeNode silent : List.of(one, other)) {
          await().until(() -> silent.held() == 1);
          clock.pass(Duration.ofMillis(300));
        }
        assertThat(set).succeedsWithin(SOON);
      }
    }
  }

  @Test
  void allNodesTogetherHaveNoMoreThanThePatience() {
    try (FakeNode one = new FakeNode();
        FakeNode other = new FakeNode()) {
      var set = doorbell(one, other).set(ID);
      clock.pass(Duration.ofMillis(450));
      clock.awaitPending(Duration.ofSeconds(10));
      assertThat(set).isNotDone();
      clock.advance(Duration.ofMillis(450));
      fails(set, 0)
          .withMessage(
              "Could not set 22482 in 0.9 s: %s is silent; %s is silent.",
              one.uri(""), other.uri(""));
    }
  }

  @Test
  void theErrorNamesAllThatWereTriedEachWithItsReason() throws IOException {
    try (Socket nobody = FakeNode.nobody();
        FakeNode full = new FakeNode(answer(503, "no room"));
        FakeNode refusing = new FakeNode(answer(503, "later", "Retry-After: 9"))) {
      URI away = FakeNode.uri(nobody.getLocalPort(), "");
      List<URI> nodes = List.of(away, full.uri(""), refusing.uri(""));
      fails(doorbell(nodes).set(ID), 503)
          .withMessage(
              "Could not set 22482 in 0.9 s: Nobody answers at %s; %s: no room (status 503);"
                  + " %s: later (status 503).",
              away, full.uri(""), refusing.uri(""));
      full.prepare(answer(503, "no room"));
      refusing.prepare(answer(403, "not the key"));
      fails(doorbell(nodes).set(ID), 403)
          .withMessage(
              "Nobody answers at %s; %s: no room (status 503); %s: not the key (status 403).",
              away, full.uri(""), refusing.uri(""));
    }
  }

  @Test
  void aRoundIsFollowedByAPauseNotBeforeTheLongestRetryAfter() {
    try (FakeNode first = new FakeNode(answer(503, "", "Retry-After: 8"), DONE);
        FakeNode next = new FakeNode(answer(429, "", "Retry-After: 2"))) {
      var set = doorbell(first, next).withPatience(Duration.ofMinutes(1)).set(ID);
      clock.pass(Duration.ofSeconds(12));
      assertThat(set).succeedsWithin(SOON).isEqualTo(true);
    }
  }

  @Test
  void aRoundThatEndsWithANotYetAtOnceHasItsLongestRetryAfterToo() {
    String wake = FakeNode.wake("22482");
    try (FakeNode first = new FakeNode(answer(503, "", "Retry-After: 8"), wake);
        FakeNode leaving = new FakeNode(answer(204, ""))) {
      var wait = doorbell(first, leaving).wait(ID);
      clock.pass(Duration.ofSeconds(12));
      assertThat(wait).succeedsWithin(SOON);
    }
  }

  @Test
  void setsStayAtTheNodeThatWorksUntilItFails() {
    String ends = answer(503, "");
    try (FakeNode first = new FakeNode(ends, DONE);
        FakeNode next = new FakeNode(DONE, DONE, DONE, ends)) {
      Doorbell bell = doorbell(first, next);
      Doorbell same = bell.withSpread(Duration.ofSeconds(1));
      for (Doorbell each : List.of(bell, bell, same)) {
        assertThat(each.set(ID)).succeedsWithin(SOON);
      }
      assertThat(first.requests).hasSize(1);
      assertThat(bell.set(ID)).succeedsWithin(SOON);
      assertThat(first.requests).hasSize(2);
      assertThat(next.requests).hasSize(4);
    }
  }

  @Test
  void twoRequestsThatFindTheSameNodeAwayLeaveItOnce() {
    NodeUrl.Nodes nodes = NodeUrl.Nodes.of(List.of(URI.create("http://a"), URI.create("http://b")));
    NodeUrl first = nodes.at(nodes.first());
    nodes.failed(first);
    nodes.failed(first);
    assertThat(nodes.at(nodes.first())).hasToString("http://b");
  }

  @Test
  void aWaitGoesToTheNextNodeIfOneFails() {
    try (FakeNode first = new FakeNode(answer(503, "", "Retry-After: 60"), answer(503, ""));
        FakeNode leaving = new FakeNode(answer(204, ""));
        FakeNode next = new FakeNode(FakeNode.wake("22482"), answer(503, ""))) {
      assertThat(doorbell(first, leaving, next).wait(ID)).succeedsWithin(SOON);
      assertThat(doorbell(next, first).wait(ID, Duration.ZERO))
          .failsWithin(SOON)
          .withThrowableOfType(ExecutionException.class)
          .havingCause()
          .isInstanceOf(TimeoutException.class)
          .havingCause()
          .withMessageContainingAll(next.uri("").toString(), first.uri("").toString());
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1000", "4000, 3000", "30000, 10900", "60000, 10900"})
  void aWaitLeavesANodeThatHangsAfterItsPart(long timeout, long part) {
    String wake = FakeNode.wake("22482");
    try (FakeNode silent = new FakeNode();
        FakeNode next = new FakeNode(wake, wake)) {
      Doorbell bell = doorbell(silent, next);
      var wait = bell.wait(ID, Duration.ofMillis(timeout));
      await().until(() -> silent.requests.size() == 1);
      clock.awaitPending(Duration.ofMillis(part));
      clock.advance(Duration.ofMillis(part - 1));
      assertThat(wait).isNotDone();
      clock.advance(Duration.ofMillis(1));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(bell.wait(ID, Duration.ofMillis(timeout))).succeedsWithin(SOON);
      assertThat(silent.requests).hasSize(1);
    }
  }

  @Test
  void aNodeThatHoldsAWaitAsItShouldIsNotTakenForOneThatHangs() {
    try (FakeNode first = new FakeNode();
        FakeNode next = new FakeNode()) {
      var wait = doorbell(first, next).wait(ID);
      for (String hold : List.of("0.9", "22.5", "22.5")) {
        await().until(() -> first.held() == 1 && !first.requests.isEmpty());
        assertThat(first.lines()).last().isEqualTo("GET /22482?timeout=" + hold);
        clock.advance(Duration.ofSeconds(10));
        clock.advance(Duration.ofMillis(hold.equals("0.9") ? 800 : 22_400));
        int asked = first.requests.size();
        first.release(answer(204, ""));
        await().until(() -> first.requests.size() > asked);
      }
      first.release(FakeNode.wake("22482"));
      assertThat(wait).succeedsWithin(SOON);
      assertThat(next.requests).isEmpty();
    }
  }

  @Test
  void aNodeThatHangsToTheEndOfAWaitIsTriedLastTheNextTime() {
    try (FakeNode one = new FakeNode();
        FakeNode last = new FakeNode()) {
      Doorbell bell = doorbell(one, last);
      var wait = bell.wait(ID, Duration.ZERO);
      await().until(() -> one.held() == 1); // It must not find the answer for the next wait.
      clock.pass(Duration.ofSeconds(1));
      await().until(() -> last.held() == 1);
      clock.advance(Duration.ofSeconds(1));
      assertThat(wait).failsWithin(SOON);
      one.prepare(FakeNode.wake("22482"));
      assertThat(bell.wait(ID)).succeedsWithin(SOON);
      assertThat(last.requests).hasSize(1);
    }
  }

  @Test
  void theTokenGoesToEachNode() {
    try (FakeNode first = new FakeNode(answer(503, ""));
        FakeNode next = new FakeNode(DONE)) {
      assertThat(doorbell(first, next).withToken("abc").set(ID)).succeedsWithin(SOON);
      for (FakeNode each : List.of(first, next)) {
        assertThat(each.requests.get(0).head()).contains("Authorization: Bearer abc");
      }
    }
  }

  @Test
  void aNodeThatIsNamedTwiceHasOneTurn() {
    try (FakeNode full = new FakeNode(answer(503, "", "Retry-After: 60"))) {
      URI same = URI.create(full.uri("/").toString().replace("http", "HTTP"));
      fails(doorbell(List.of(full.uri(""), same)).set(ID), 503);
      assertThat(full.requests).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a/x,https://b", "http://a,http://b", "http://a,"})
  void aTextWithCommasIsNoList(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Doorbell.at(URI.create(text)))
        .withMessage("A node is one URL, and several are a list, not " + text + ".");
    assertThat(Doorbell.at(URI.create("http://a/x,y")).node()).hasToString("http://a/x,y");
  }

  @Test
  void aListWithoutANodeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Doorbell.at(List.of()))
        .withMessage("Give the URL of a node, or of several.");
    List<URI> bad = List.of(URI.create("http://a"), URI.create("ftp://b"));
    assertThatIllegalArgumentException().isThrownBy(() -> Doorbell.at(bad));
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
