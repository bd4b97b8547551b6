package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Clients that send no more and may listen still, on a simulated node with a slow store. */
class HalfClosedTest {
  private static final String HOST = " HTTP/1.1\r\nHost: a\r\n\r\n";

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  @Test
  void allWholeRequestsAreDoneAndAnsweredAndThenTheConnectionIsClosed() {
    node.store.latePercent = 100;
    client.send("POST /1" + HOST + "POST /2" + HOST + "POST /3" + HOST + "POST /4 HTTP/1.1\r\n");
    client.saysNoMore();
    hears();
    assertThat(client.isOpen()).isTrue();
    answerAll();
    hears(201, 201, 201);
    isOver();
    node.store.latePercent = 0;
    assertThat(isSet("1", "2", "3")).containsOnly(true);
    assertThat(isSet("4")).containsOnly(false);
  }

  @Test
  void aWaitBehindASetIsAnsweredAsThingsStandAndWhatFollowsIsDone() {
    node.store.latePercent = 100;
    client.send("POST /1" + HOST + "GET /2" + HOST + "GET /1" + HOST + "POST /3" + HOST);
    client.saysNoMore();
    answerAll();
    hears(201, 204, 200, 201);
    isOver();
  }

  @Test
  void aParkedWaitIsAnsweredAndWhatIsBehindItIsDone() {
    client.send("GET /1" + HOST + "POST /2" + HOST + "POST /3");
    hears();
    client.saysNoMore();
    hears(204, 201);
    isOver();
    assertThat(isSet("2")).containsOnly(true);
  }

  @Test
  void aWaitThatIsBeingLookedAtIsAnsweredAfterTheLook() {
    node.store.latePercent = 100;
    node.table.set(EventId.parse("1"), 0);
    answerAll();
    client.send("GET /1" + HOST);
    client.saysNoMore();
    hears();
    answerAll();
    hears(200);
    isOver();
  }

  @Test
  void aStreamOfEventsEnds() {
    client.send("GET /1 HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
    client.saysNoMore();
    assertThat(client.received()).asString().startsWith("HTTP/1.1 200 ");
    client.received().setLength(0);
    isOver();
  }

  @Test
  void overHttp10TheAnswerComesToo() {
    node.store.latePercent = 100;
    client.send("POST /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPOST /2 HTTP/1.0\r\n\r\n");
    client.saysNoMore();
    answerAll();
    hears(201, 201);
    isOver();
  }

  @Test
  void anIdleClientIsClosedAtOnce() {
    client.saysNoMore();
    isOver();
    SimulatedNode.Client other = node.connect();
    other.send("GET /1 HTT");
    other.saysNoMore();
    assertThat(other.received()).asString().isEmpty();
    assertThat(other.isOpen()).isFalse();
  }

  @Test
  void aWebSocketIsToldWhatIsDoneAndWaitsNoMore() {
    node.store.latePercent = 100;
    SocketCaller caller = new SocketCaller(client, "wait 9", "set 1", "set 2");
    client.saysNoMore();
    assertThat(node.quota.taken()).isZero();
    assertThat(caller.hear()).isEmpty();
    answerAll();
    assertThat(caller.hear()).containsExactlyInAnyOrder("done 1", "done 2");
    isOver();
  }

  @Test
  void streamsOfHttp2AreAnsweredAndWhatIsNotWholeIsDropped() {
    node.store.latePercent = 100;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
    client.send("\0\0\t\1\5\0\0\0\1\u0083\u0086\4\2/1\1\1a"); // POST /1
    client.send("\0\0\t\1\4\0\0\0\3\u0083\u0086\4\2/2\1\1a"); // POST /2, not whole
    client.send("\0\0\t\1\5\0\0\0\5\u0082\u0086\4\2/3\1\1a"); // GET /3
    client.saysNoMore();
    node.runAll();
    assertThat(client.isOpen()).isTrue();
    answerAll();
    assertThat(client.received()).asString().contains("201").contains("\u0089");
    isOver();
    node.store.latePercent = 0;
    assertThat(isSet("1")).containsOnly(true);
    assertThat(isSet("2")).containsOnly(false);
  }

  private void answerAll() {
    for (int i = 0; i < 10; i++) {
      node.runAll();
      node.store.answerAll();
    }
    node.runAll();
  }

  private void hears(int... statuses) {
    node.runAll();
    for (int status : statuses) {
      Answer answer = requireNonNull(Answer.take(client.received(), false));
      assertThat(answer.status()).isEqualTo(status);
    }
    assertThat(client.received()).asString().isEmpty();
  }

  private List<Boolean> isSet(String... ids) {
    return List.of(ids).stream()
        .map(id -> node.table.isSet(EventId.parse(id)).toCompletableFuture().join())
        .toList();
  }

  private void isOver() {
    node.pass(100);
    assertThat(client.isOpen()).isFalse();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.table.size()).isZero();
    assertThat(node.leaked()).isZero();
  }
}
