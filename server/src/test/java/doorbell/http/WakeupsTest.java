package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
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
    List<SimulatedNode.Client> crowd = crowd(2 * Limits.WAKES_PER_PASS + 5);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    for (int answered = Limits.WAKES_PER_PASS; answered < crowd.size(); ) {
      assertThat(thread.runOne()).isTrue();
      assertThat(answered(crowd.subList(0, answered))).isEqualTo(answered);
      assertThat(answered(crowd)).isEqualTo(answered);
      answered += Limits.WAKES_PER_PASS;
    }
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(crowd.size());
  }

  @Test
  void whoIsWokenWhileACrowdIsBeingAnsweredIsAnsweredToo() {
    List<SimulatedNode.Client> crowd = crowd(Limits.WAKES_PER_PASS + 5);
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
  void whoHangsUpBetweenTheWakeAndTheAnswerIsPassedOver() {
    List<SimulatedNode.Client> crowd = crowd(10);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("7"), 0));
    crowd.get(3).hangUp();
    node.runAll();
    assertThat(answered(crowd)).isEqualTo(9);
    assertThat(node.room.taken()).isZero();
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
