package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import doorbell.count.Histogram;
import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.io.IoLimits;
import doorbell.wait.WaitLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** One connection at a time, on a simulated node: its clock and its store do as the test says. */
class Http1ConnectionTest {
  private static final EventId ID = EventId.parse("22482");
  private static final String WAIT = get("/22482");
  private static final String ASK = get("/22482?timeout=0");
  private static final String SET = "POST /22482 HTTP/1.1\r\nHost: a\r\n\r\n";

  /** Once to twice 5 seconds. */
  private static final String RETRY_AFTER = "[5-9]|10";

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();
  private final SimulatedNode.Client other = node.connect();

  @Test
  void waitersAreAnsweredBeforeTheStoreHasTheSet() {
    client.send(WAIT);
    node.store.latePercent = 100;
    node.store.answerAll();
    other.send(SET);
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(200);
    assertThat(other.received()).isEmpty();
    node.store.answerAll();
    node.runAll();
    assertThat(answer(other).status()).isEqualTo(201);
  }

  @Test
  void aSetInTheMomentBetweenTheLookAndItsAnswerIsNotLost() {
    int[] moments = {0};
    node.stage.meanwhile =
        () -> {
          moments[0]++;
          if (moments[0] == 2) {
            node.stage.asAnotherThread(() -> node.table.set(ID, 0));
          }
        };
    client.send(WAIT);
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(200);
    assertThat(node.table.size()).isZero();
  }

  @Test
  void whoAsksForMuchIsServedInTurnsAndTheOthersInBetween() {
    node.loops.get(0).io.turns.length = 0;
    client.send(ASK.repeat(20));
    for (int answered = 1; answered <= 20; answered++) {
      assertThat(answer(client).status()).isEqualTo(204);
      assertThat(client.received()).as("more than one a turn").isEmpty();
      other.send(ASK);
      assertThat(answer(other).status()).isEqualTo(204);
      node.threads.get(0).runOne();
    }
  }

  @Test
  void aBulkSetIsStoredInTurnsAndTheOthersAreServedInBetween() {
    node.loops.get(0).io.turns.length = 0;
    StringBuilder lines = new StringBuilder();
    IntStream.range(1_000_000, 1_000_400).forEach(id -> lines.append(id).append('\n'));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3200\r\n\r\n" + lines);
    int turns = 0;
    while (client.received().isEmpty()) {
      other.send(ASK);
      assertThat(answer(other).status()).isEqualTo(204);
      node.threads.get(0).runOne();
      turns++;
    }
    assertThat(turns).isGreaterThan(10);
    assertThat(answer(client).body()).isEqualTo("{\"set\":400,\"already\":0}\n");
  }

  @Test
  void whatComesBehindAWaitIsServedOnItsOwnStack() {
    client.send(WAIT + "POST /7 HTTP/1.1\r\nHost: a\r\n\r\n");
    other.send(SET);
    assertThat(answer(other).status()).isEqualTo(201);
    assertThat(answer(client).status()).isEqualTo(200);
    assertThat(client.received()).as("on the setter's stack").isEmpty();
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(201);
  }

  @Test
  void slowStoreIs503AndTheConnectionLives() {
    node.store.latePercent = 100;
    client.send(SET);
    node.pass(HttpLimits.SET_MILLIS - 10);
    assertThat(client.received()).isEmpty();
    node.pass(200);
    Answer slow = answer(client);
    assertThat(slow.status()).isEqualTo(503);
    assertThat(slow.body()).contains("the store is slow");
    assertThat(slow.field("Retry-After")).matches(RETRY_AFTER);
    node.store.answerAll();
    node.runAll();
    assertThat(client.received()).isEmpty();
    node.store.latePercent = 0;
    client.send(SET);
    assertThat(answer(client).status()).isEqualTo(200);
  }

  /** 204 would say that the event isn't set. */
  @Test
  void whoOnlyAsksASlowStoreIsTold503AndNever204() {
    client.send(SET);
    assertThat(answer(client).status()).isEqualTo(201);
    for (String accept : List.of("application/json", "text/event-stream")) {
      node.store.latePercent = 100;
      client.send("GET /22482?timeout=0 HTTP/1.1\r\nHost: a\r\nAccept: " + accept + "\r\n\r\n");
      node.pass(HttpLimits.SET_MILLIS + 200);
      Answer slow = answer(client);
      assertThat(slow.status()).as(accept).isEqualTo(503);
      assertThat(slow.body()).contains("the store is slow; ask again");
      node.store.answerAll();
      node.store.latePercent = 0;
    }
    client.send("GET /22482?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(answer(client).status()).isEqualTo(200);
  }

  @Test
  void aFailedStoreIs503WithItsSentence() {
    node.store.failPercent = 100;
    client.send(SET);
    Answer failed = answer(client);
    assertThat(failed.status()).isEqualTo(503);
    assertThat(failed.body()).contains(SimulatedStore.FAILURE);
    assertThat(failed.field("Retry-After")).matches(RETRY_AFTER);
    assertThat(node.table.size()).isZero();
  }

  @Test
  void aSetThatFailedCanBeSetAgain() {
    node.store.failPercent = 100;
    client.send(SET);
    assertThat(answer(client).status()).isEqualTo(503);
    node.store.failPercent = 0;
    client.send(SET);
    assertThat(answer(client).status()).isEqualTo(201);
  }

  @Test
  void waitsGoOnWhileTheStoreFails() {
    client.send(WAIT);
    node.store.failPercent = 100;
    other.send("POST /5 HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(answer(other).status()).isEqualTo(503);
    assertThat(client.received()).isEmpty();
    other.send(SET);
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(200);
    assertThat(answer(other).status()).isEqualTo(503);
  }

  @Test
  void lookUpFailureIs503AndNothingIsLeftBehind() {
    node.store.failPercent = 100;
    client.send(WAIT);
    Answer failed = answer(client);
    assertThat(failed.status()).isEqualTo(503);
    assertThat(failed.body()).contains(SimulatedStore.FAILURE);
    assertThat(node.table.size()).isZero();
    assertThat(node.quota.taken()).isZero();
    node.store.failPercent = 0;
    client.send(ASK);
    assertThat(answer(client).status()).isEqualTo(204);
  }

  @Test
  void aParkedConnectionHasNoDecoder() {
    client.send(WAIT);
    assertThat(node.budget.taken()).as("a decoder that stands by is counted").isZero();
    client.send("G");
    client.send("ET /8 HT");
    other.send("GET /8 HT");
    assertThat(node.budget.taken()).isPositive();
  }

  /** Its bytes came in time; the loop is behind with its turns. */
  @Test
  void aRequestThatWaitsForItsTurnIsNotLate() {
    node.loops.get(0).io.turns.length = -4; // Each read is a turn, and whoever had one is greedy.
    int length = IoLimits.INPUT + 200;
    client.send("POST /7 HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n");
    client.send("x".repeat(length - 100));
    node.runAll();
    node.advance(10_200);
    client.send("x".repeat(100));
    assertThat(client.endpoint.unread()).isEqualTo(100);
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(201);
  }

  @Test
  void whatCameWhileTheLoopStoodStillIsNotLate() {
    for (String begun : List.of("", ASK.substring(0, 30))) {
      SimulatedNode.Client caller = node.connectAsync();
      caller.send(begun);
      node.runAll();
      caller.sendWhileItStandsStill(80_000, ASK.substring(begun.length()));
      assertThat(answer(caller).status()).isEqualTo(204);
      assertThat(caller.isOpen()).isTrue();
    }
  }

  @Test
  void hangUpLeavesNothingBehindAtOnce() {
    client.send(get("/1,2,3"));
    other.send(WAIT);
    assertThat(node.table.size()).isEqualTo(4);
    client.hangUp();
    assertThat(node.table.size()).isEqualTo(1);
    assertThat(node.quota.taken()).isEqualTo(1);
    assertThat(client.loop.io.deadlines.all()).hasSize(1);
    assertThat(node.leaked()).isZero();
  }

  @Test
  void aSlowHeadIs408() {
    client.send("GET /22482 HTT");
    node.pass(9_900);
    assertThat(client.received()).isEmpty();
    node.pass(300);
    Answer late = answer(client);
    assertThat(late.status()).isEqualTo(408);
    assertThat(late.closes()).isTrue();
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aHeadThatTricklesIs408() {
    client.send("GET /22482 HTTP/1.1\r\n");
    for (int i = 0; client.isOpen(); i++) {
      assertThat(i).isLessThan(11);
      client.send("X-" + i + ": 1\r\n");
      node.pass(1_000);
    }
    assertThat(answer(client).status()).isEqualTo(408);
  }

  @Test
  void aSlowBodyIs408AndSetsNothing() {
    client.send("POST /22482 HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\nslow");
    node.pass(10_200);
    assertThat(answer(client).status()).isEqualTo(408);
    assertThat(client.isOpen()).isFalse();
    assertThat(node.store.has(ID)).isFalse();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void aRequestThatBeginsInTheSameReadAsAnotherIsTimedToo() {
    client.send(ASK + "GET /22482");
    assertThat(answer(client).status()).isEqualTo(204);
    node.pass(10_200);
    assertThat(answer(client).status()).isEqualTo(408);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aRequestThatBeginsBehindAWaitIsTimedFromItsEnd() {
    client.send(get("/22482?timeout=20") + "GET /5?timeout=0 HTTP/1.1\r\n");
    node.pass(19_000);
    assertThat(client.received()).isEmpty();
    node.pass(1_200);
    assertThat(answer(client).status()).isEqualTo(204);
    node.pass(9_000);
    client.send("Host: a\r\n\r\n");
    assertThat(answer(client).status()).isEqualTo(204);
  }

  @Test
  void anIdleConnectionIsClosedWithoutAWord() {
    client.send(ASK);
    assertThat(answer(client).status()).isEqualTo(204);
    node.pass(74_900);
    assertThat(client.isOpen()).isTrue();
    node.pass(300);
    assertThat(client.isOpen()).isFalse();
    assertThat(client.received()).isEmpty();
  }

  @Test
  void aParkedWaitIsNoIdleConnection() {
    client.send(WAIT);
    node.pass(3_599_000);
    assertThat(client.isOpen()).isTrue();
    assertThat(client.received()).isEmpty();
    node.pass(1_200);
    assertThat(answer(client).status()).isEqualTo(204);
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void theTimeOfAWaitIsCountedThoughNoFieldHoldsItsBegin() {
    Histogram hold = client.loop.counts.hold;
    client.send("GET /22482?timeout=100 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.pass(30_000);
    assertThat(hold.sum()).isZero();
    node.stage.asAnotherThread(() -> node.table.set(ID, 0));
    node.runAll();
    assertThat(answer(client).status()).isEqualTo(200);
    assertThat(hold.sum()).isCloseTo(30_000_000_000L, within(200_000_000L));
    client.send("GET /5?timeout=50 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.pass(51_000);
    assertThat(answer(client).status()).isEqualTo(204);
    assertThat(hold.sum()).isCloseTo(80_000_000_000L, within(400_000_000L));
    client.send("GET /5?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n");
    assertThat(answer(client).status()).isEqualTo(204);
    assertThat(hold.count(6)).as("up to 64 s").isEqualTo(1);
    assertThat(hold.count(5)).as("up to 32 s").isEqualTo(1);
  }

  /** The comments of a stream move its deadline. */
  @Test
  void theTimeOfAnEventStreamIsCountedToo() {
    client.send("GET /22482?timeout=1000 HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n");
    node.pass(100_000);
    node.stage.asAnotherThread(() -> node.table.set(ID, 0));
    node.runAll();
    assertThat(client.loop.counts.hold.sum()).isCloseTo(100_000_000_000L, within(1_000_000_000L));
  }

  @Test
  void requestsBehindAParkedWaitAreServedAfterItInTheirOrder() {
    client.send(WAIT + get("/5?timeout=0") + SET + WAIT);
    assertThat(client.received()).isEmpty();
    other.send(SET);
    node.runAll();
    assertThat(IntStream.range(0, 4).map(i -> answer(client).status()))
        .containsExactly(200, 204, 200, 200);
  }

  @Test
  void aWaitKeepsBytesBehindItUpToTheLimitAndMoreIs413() {
    client.send(WAIT);
    client.send("x".repeat(HttpLimits.BEHIND_A_WAIT));
    assertThat(client.received()).isEmpty();
    assertThat(node.quota.taken()).isEqualTo(1);
    client.send("x");
    Answer refused = answer(client);
    assertThat(refused.status()).isEqualTo(413);
    assertThat(refused.closes()).isTrue();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.table.size()).isZero();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void tooManyBytesInTheSameReadAsTheWaitAre413() {
    client.send(WAIT + "x".repeat(HttpLimits.BEHIND_A_WAIT + 1));
    assertThat(answer(client).status()).isEqualTo(413);
    assertThat(node.table.size()).isZero();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void bytesBehindASetAreNotReadOnBeyondTheLimit() {
    node.store.latePercent = 100;
    client.send(SET);
    client.send(ASK.repeat(HttpLimits.BEHIND_A_WAIT / ASK.length() + 1));
    assertThat(client.endpoint.isListening()).isFalse();
    node.store.answerAll();
    node.store.latePercent = 0;
    node.runAll();
    assertThat(client.endpoint.isListening()).isTrue();
    assertThat(answer(client).status()).isEqualTo(201);
    assertThat(answer(client).status()).isEqualTo(200);
    client.hangUp();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void aClientThatTakesNoAnswersIsNotListenedTo() {
    client.takeAnswers(false);
    int requests = 0;
    while (client.endpoint.isListening()) {
      client.send(ASK);
      requests++;
    }
    assertThat(requests).isLessThan(64 * 1024 / 100);
    client.takeAnswers(true);
    node.runAll();
    assertThat(client.endpoint.isListening()).isTrue();
    for (int i = 0; i < requests; i++) {
      assertThat(answer(client).status()).isEqualTo(204);
    }
  }

  @Test
  void whatFollowsConnectionCloseIsIgnored() {
    client.send("GET /5?timeout=0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + SET);
    assertThat(answer(client).status()).isEqualTo(204);
    assertThat(client.received()).isEmpty();
    assertThat(client.isOpen()).isFalse();
    assertThat(node.store.has(ID)).isFalse();
    assertThat(node.leaked()).isZero();
  }

  /** A cut resets the connection, and a client that is still sending loses the answer then. */
  @Test
  void whoSendsTooMuchIsCutAfterItsSilenceOrThirtySeconds() {
    String head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n";
    client.send(head);
    assertThat(answer(client).status()).isEqualTo(413);
    assertThat(client.sendsFor(20)).isEqualTo(20);
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(client.endpoint.isGone()).isTrue();
    SimulatedNode.Client endless = node.connect();
    endless.send(head);
    assertThat(endless.sendsFor(60)).isBetween(28, 32);
    assertThat(node.leaked()).isZero();
  }

  @Test
  void newWaitsAreAnswered204AndClosedWhileTheNodeEnds() {
    client.send(WAIT);
    drain(0);
    Answer parked = answer(client);
    assertThat(parked.status()).isEqualTo(204);
    assertThat(parked.closes()).isTrue();
    other.send(WAIT);
    Answer late = answer(other);
    assertThat(late.status()).isEqualTo(204);
    assertThat(late.closes()).isTrue();
    assertThat(other.isOpen()).isFalse();
  }

  /** The store is closed first, since the next node waits for it. */
  @Test
  void whoComesWhenTheStoreIsClosedIsToldToComeAgain() {
    beginDrain();
    for (String wait : List.of("/1", "/1?timeout=1", "/1,2")) {
      SimulatedNode.Client waiter = node.connect();
      waiter.send(get(wait));
      Answer late = answer(waiter);
      assertThat(late.status()).isEqualTo(204);
      assertThat(late.closes()).isTrue();
      assertThat(waiter.isOpen()).isFalse();
    }
    for (String request :
        List.of(
            SET, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1", get("/1?timeout=0"))) {
      SimulatedNode.Client setter = node.connect();
      setter.send(request);
      Answer late = answer(setter);
      assertThat(late.status()).isEqualTo(503);
      assertThat(late.field("Retry-After")).isEqualTo("1");
      assertThat(late.body()).contains("its store is closed; try again");
      assertThat(late.closes()).isTrue();
      assertThat(setter.isOpen()).isFalse();
    }
  }

  @Test
  void whoIsParkedIsWokenByALateSetAllTheSame() {
    client.send(WAIT);
    beginDrain();
    other.send(SET);
    assertThat(answer(other).status()).isEqualTo(503);
    assertThat(answer(client).status()).isEqualTo(200);
  }

  private void beginDrain() {
    node.threads.get(0).execute(node.loops.get(0)::beginDrain);
    node.runAll();
    node.store.failPercent = 100;
  }

  @Test
  void aDrainAnswersParkedWaitsEvenly() {
    IntStream.range(0, 100).forEach(i -> node.connect().send(WAIT));
    drain(1_000);
    for (int tenth = 1; tenth <= 10; tenth++) {
      node.pass(100);
      assertThat(node.quota.taken()).isBetween(94 - tenth * 10, 100 - tenth * 10);
    }
  }

  @Test
  void aWaitThatIsSetDuringTheDrainIsAnswered200() {
    client.send(WAIT);
    node.connect().send(get("/1"));
    node.connect().send(get("/2"));
    drain(1_000);
    SimulatedNode.Client last = node.connect();
    last.send(SET);
    node.runAll();
    assertThat(answer(last).status()).isEqualTo(201);
    assertThat(answer(client).status()).isEqualTo(200);
  }

  @Test
  void setsAcceptedDuringDrainAreAnswered() {
    node.store.latePercent = 100;
    client.send(SET);
    drain(0);
    other.send("POST /5 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.store.close();
    node.close();
    assertThat(answer(client).status()).isEqualTo(201);
    Answer late = answer(other);
    assertThat(late.status()).isEqualTo(201);
    assertThat(late.closes()).isTrue();
    assertThat(other.isOpen()).isFalse();
  }

  @Test
  void aDrainEndsWhenNobodyIsLeft() {
    List<SimulatedNode.Client> crowd = Stream.generate(node::connect).limit(20).toList();
    crowd.forEach(each -> each.send(WAIT));
    AtomicBoolean done = drain(10_000);
    node.pass(1_000);
    assertThat(done).isFalse();
    crowd.subList(0, 10).forEach(SimulatedNode.Client::hangUp);
    node.stage.asAnotherThread(() -> node.table.set(ID, 0));
    node.pass(200);
    assertThat(done).isTrue();
  }

  private AtomicBoolean drain(long millis) {
    AtomicBoolean done = new AtomicBoolean();
    WaitLoop loop = node.loops.get(0);
    node.threads.get(0).execute(() -> loop.drain(millis, () -> done.set(true)));
    node.runAll();
    return done;
  }

  private static Answer answer(SimulatedNode.Client client) {
    StringBuilder received = client.received();
    return requireNonNull(Answer.take(received, false), () -> "no answer but " + received);
  }

  private static String get(String target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
  }
}
