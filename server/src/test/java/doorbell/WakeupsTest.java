package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.io.Endpoint;
import doorbell.io.SimulatedLoop;
import doorbell.wait.LoopWaiter;
import doorbell.wait.WaitLoop;
import doorbell.wait.Wakeups;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Crowds that are woken at once, and by many at once. */
class WakeupsTest {
  private static final String WAIT = "GET /7 HTTP/1.1\r\nHost: a\r\n\r\n";

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedLoop thread = node.threads.get(0);

  @Test
  void aCrowdIsAnsweredInTheOrderItCameABoundedNumberAtATime() {
    List<SimulatedNode.Client> crowd = crowd(2 * Wakeups.WAKES_PER_PASS + 5);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    for (int answered = Wakeups.WAKES_PER_PASS; answered < crowd.size(); ) {
      assertThat(thread.runOne()).isTrue();
      assertThat(answered(crowd.subList(0, answered))).isEqualTo(answered);
      assertThat(answered(crowd)).isEqualTo(answered);
      answered += Wakeups.WAKES_PER_PASS;
    }
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(crowd.size());
  }

  @Test
  void whoIsWokenWhileACrowdIsBeingAnsweredIsAnsweredToo() {
    List<SimulatedNode.Client> crowd = crowd(Wakeups.WAKES_PER_PASS + 5);
    SimulatedNode.Client late = node.connect();
    late.send("GET /8 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    thread.runOne();
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("8"), 0));
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(crowd.size());
    assertThat(isAnswered(late)).isTrue();
  }

  @Test
  void whoIsWokenInTheMiddleOfAPassNeedNotWaitForItsEnd() {
    List<SimulatedNode.Client> crowd = crowd(10);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    thread.enter(() -> node.loops.get(0).betweenClients());
    assertThat(answered(crowd)).isEqualTo(10);
  }

  @Test
  void aCrowdThatIsBeingAnsweredIsNotHurriedByAPass() {
    List<SimulatedNode.Client> crowd = crowd(3 * Wakeups.WAKES_PER_PASS);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    for (int i = 0; i < 3; i++) {
      thread.enter(() -> node.loops.get(0).betweenClients());
      node.connect().send("GET /8" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
      EventId other = EventId.parse("8" + i);
      node.stage.asAnotherThread(() -> node.table.set(other, 0));
    }
    assertThat(answered(crowd)).isEqualTo(Wakeups.WAKES_PER_PASS);
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(crowd.size());
  }

  @Test
  void whoIsWokenAndSetsIsAnsweredAfterThoseWhomThatWakes() {
    List<SimulatedNode.Client> others = crowd(3);
    SimulatedNode.Client first = node.connect();
    first.send("GET /8 HTTP/1.1\r\nHost: a\r\n\r\nPOST /7 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.connect().send("POST /8 HTTP/1.1\r\nHost: a\r\n\r\n");
    int steps = 0;
    while (first.received().indexOf("HTTP/1.1 201") < 0) {
      assertThat(steps++).isLessThan(100);
      thread.runOne();
    }
    assertThat(answered(others)).isEqualTo(3);
    assertThat(isAnswered(first)).isTrue();
  }

  @Test
  void aFaultOfOneWhoIsWokenIsNobodyElses() {
    List<SimulatedNode.Client> crowd = crowd(2);
    SimulatedNode.Client faulty = node.connect();
    SimulatedNode.Client setter = node.connect();
    WaitLoop loop = node.loops.get(0);
    Endpoint endpoint = faulty.endpoint;
    node.table.wait(
        new LoopWaiter(EventId.parse("7")) {
          @Override
          protected Wakeups wakeups() {
            return loop.wakeups;
          }

          @Override
          protected Endpoint endpoint() {
            return endpoint;
          }

          @Override
          protected void onWake() {
            throw new StackOverflowError();
          }
        });
    List<SimulatedNode.Client> late = crowd(2);
    setter.send("POST /7 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.runAll();
    assertThat(setter.received().indexOf("HTTP/1.1 201 ")).isZero();
    assertThat(answered(crowd) + answered(late)).isEqualTo(4);
    assertThat(faulty.isOpen()).isFalse();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.thrown).hasSize(1).first().isInstanceOf(StackOverflowError.class);
  }

  @Test
  void aSetThatComesAloneIsGivenToTheStoreWhenWhatItsWakesWroteIsOut() {
    node.store.putOffPercent = 100;
    for (int i = 0; i < 3; i++) {
      setMany(2 * i, 1);
      node.loops.get(0).betweenClients();
      assertThat(node.store.answerOne()).as("before anything was sent").isFalse();
      node.loops.get(0).onSent();
      assertThat(node.store.answerOne()).isTrue();
      node.runAll();
      setMany(2 * i + 1, 1);
      node.runAll();
      assertThat(node.store.answerOne()).as("though nothing was to be sent").isTrue();
      node.runAll();
    }
  }

  @Test
  void setsThatComeInCrowdsAreGivenToTheStoreTogether() {
    node.store.putOffPercent = 100;
    setMany(0, 2);
    node.runAll();
    node.store.answerAll();
    setMany(2, WaitLoop.SETS_PER_FLUSH - 1);
    node.loops.get(0).onSent();
    assertThat(node.store.answerOne()).isFalse();
    setMany(2 + WaitLoop.SETS_PER_FLUSH, 1);
    assertThat(node.store.answerOne()).isTrue();
    setMany(4 + WaitLoop.SETS_PER_FLUSH, 1);
    node.store.answerAll();
    node.runAll();
    assertThat(node.store.answerOne()).as("at the end of the pass").isTrue();
  }

  private void setMany(int from, int count) {
    for (int i = from; i < from + count; i++) {
      node.connect().send("POST /" + i + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }
  }

  @Test
  void whoHangsUpBetweenTheWakeAndTheAnswerIsPassedOver() {
    List<SimulatedNode.Client> crowd = crowd(10);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    crowd.get(3).hangUp();
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(9);
    assertThat(node.quota.taken()).isZero();
  }

  private List<SimulatedNode.Client> crowd(int size) {
    List<SimulatedNode.Client> crowd = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      SimulatedNode.Client client = node.connect();
      client.send(WAIT);
      crowd.add(client);
    }
    return crowd;
  }

  private static long answered(List<SimulatedNode.Client> crowd) {
    return crowd.stream().filter(WakeupsTest::isAnswered).count();
  }

  private static boolean isAnswered(SimulatedNode.Client client) {
    return client.received().indexOf("HTTP/1.1 200 OK") == 0;
  }
}
