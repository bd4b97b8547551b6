package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.wait.WaitLoop;
import org.junit.jupiter.api.Test;

/** One event stream at a time, on a simulated node: its clock and its store do as the test says. */
class EventStreamTest {
  private static final String TOLD = "event: set\ndata: 22482\nid: 22482\n\n";
  private static final String COMMENT = ":\n\n";

  /** Between the time of a deadline and the one when it is looked at, in milliseconds. */
  private static final int LATE = 200;

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  @Test
  void aCommentBreaksEachSilenceOf15Seconds() {
    ask("/22482");
    opens();
    for (int comment = 0; comment < 5; comment++) {
      int silence = 0;
      while (client.received().isEmpty() && silence <= 15_000 + LATE) {
        node.pass(10);
        silence += 10;
      }
      assertThat(silence).isBetween(HttpLimits.EVENTS_SILENCE_MILLIS, 15_000 + LATE);
      hears(COMMENT);
    }
    set("22482");
    hears(TOLD);
    isOver();
  }

  @Test
  void noCommentIsMadeWhileTheLastOneIsNotTaken() {
    ask("/22482");
    opens();
    client.takeAnswers(false);
    node.pass(600_000);
    client.takeAnswers(true);
    hears(COMMENT);
    assertThat(client.received()).asString().isEmpty();
    node.pass(15_000 + LATE);
    hears(COMMENT);
    set("22482");
    hears(TOLD);
    isOver();
  }

  @Test
  void theHoldEndsItWhateverWasCommentedOn() {
    ask("/22482?timeout=40");
    opens();
    node.pass(39_000);
    hears(COMMENT + COMMENT);
    assertThat(client.isOpen()).isTrue();
    node.pass(1_000 + 2 * LATE);
    isOver();
  }

  @Test
  void aSetInTheMomentBetweenTheLookAndItsAnswerIsNotLost() {
    node.store.latePercent = 100;
    ask("/1,22482");
    assertThat(client.received()).asString().isEmpty();
    set("22482");
    node.store.answerAll();
    node.runAll();
    opens();
    hears(TOLD);
    assertThat(node.table.size()).isEqualTo(1);
    set("1");
    node.store.answerAll();
    node.runAll();
    hears("event: set\ndata: 1\nid: 22482,1\n\n");
    isOver();
  }

  @Test
  void aFailedStoreIs503WithItsSentence() {
    node.store.failPercent = 100;
    ask("/1,22482");
    Answer failed = requireNonNull(Answer.take(client.received(), false));
    assertThat(failed.status()).isEqualTo(503);
    assertThat(failed.body()).contains(SimulatedStore.FAILURE);
    isOver();
  }

  @Test
  void whatIsKnownToBeSetIsToldThoughTheStoreFailsForOthers() {
    node.store.latePercent = 100;
    node.store.failPercent = 100;
    ask("/1,22482");
    node.store.failPercent = 0;
    set("22482");
    node.store.answerAll();
    node.runAll();
    opens();
    hears(TOLD);
    isOver();
  }

  @Test
  void aDrainEndsItWithoutAnEvent() {
    ask("/22482");
    opens();
    WaitLoop loop = node.loops.get(0);
    node.threads.get(0).execute(() -> loop.drain(0, () -> {}));
    node.runAll();
    isOver();
  }

  @Test
  void aStreamThatBeginsWhenTheStoreIsClosedEndsAtOnce() {
    node.threads.get(0).execute(node.loops.get(0)::beginDrain);
    node.runAll();
    node.store.failPercent = 100;
    ask("/22482");
    opens();
    isOver();
  }

  @Test
  void aHangUpLeavesNothingBehindAtOnce() {
    ask("/1,2,3");
    opens();
    assertThat(node.quota.taken()).isEqualTo(3);
    client.hangUp();
    isOver();
  }

  /** By HTTP/1.0, so that what is heard is the events alone. */
  private void ask(String target) {
    client.send("GET " + target + " HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
    node.runAll();
  }

  private void opens() {
    Answer head = requireNonNull(Answer.take(client.received(), true));
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.field("Content-Type")).isEqualTo("text/event-stream");
    if (client.received().indexOf(COMMENT) == 0) {
      client.received().delete(0, COMMENT.length());
    }
  }

  private void hears(String events) {
    StringBuilder received = client.received();
    assertThat(received).asString().startsWith(events);
    received.delete(0, events.length());
  }

  private void set(String id) {
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse(id), 0));
    node.runAll();
  }

  private void isOver() {
    assertThat(client.received()).asString().isEmpty();
    assertThat(client.isOpen()).isFalse();
    assertThat(node.table.size()).isZero();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.leaked()).isZero();
  }
}
