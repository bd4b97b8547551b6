package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import org.junit.jupiter.api.Test;

/** Clients that begin something and take their time, on a simulated node: they have 10 seconds. */
class SlowClientTest {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final String SETTINGS = "\0\0\0\4\0\0\0\0\0";

  /** The head of a POST, as long as it is not over; and of a GET, which waits. */
  private static final String POST = "\0\0\t\1\4\0\0\0\1\u0083\u0086\4\2/1\1\1a";

  private static final String GET = "\0\0\t\1\5\0\0\0\3\u0082\u0086\4\2/2\1\1a";

  /** The status of an answer, in the compressed fields of HTTP/2. */
  private static final String NOT_SET = "\u0089";

  private static final String GOAWAY = "\7\0\0\0\0\0\0\0\0";

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  @Test
  void aBodyThatGoesOnAndOnIs408AllTheSame() {
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("1\n".repeat(40_000));
      assertThat(client.received()).asString().isEmpty();
    }
    node.pass(1_200);
    assertThat(client.received()).asString().startsWith("HTTP/1.1 408 ");
    assertThat(node.table.size()).isZero();
  }

  @Test
  void chunksThatGoOnAndOnAre408AllTheSame() {
    client.send("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("1\r\nx\r\n");
      assertThat(client.received()).asString().isEmpty();
    }
    node.pass(1_200);
    assertThat(client.received()).asString().startsWith("HTTP/1.1 408 ");
  }

  @Test
  void aStreamWhoseBodyGoesOnAndOnIs408AndTheOthersLive() {
    begin();
    client.send(POST + GET);
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("\0\0\1\0\0\0\0\0\1x");
      assertThat(client.received()).asString().isEmpty();
    }
    node.pass(1_200);
    assertThat(client.received()).asString().contains("408").doesNotContain(GOAWAY);
    client.received().setLength(0);
    node.pass(60_000);
    client.send("\0\0\1\0\0\0\0\0\1x");
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("2"), 0));
    node.runAll();
    assertThat(client.received()).asString().contains("doorbell(2);");
  }

  @Test
  void aPrefaceThatIsNotWholeInTimeEndsTheConnection() {
    client.send(PREFACE.substring(0, PREFACE.length() - 2));
    node.pass(9_500);
    assertThat(client.isOpen()).isTrue();
    node.pass(3_000);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aHeadThatIsNotWholeInTimeEndsTheConnectionAfterItsWaitsWereAnswered() {
    begin();
    client.send(GET);
    node.pass(30_000);
    client.send("\0\0\t\1\1\0\0\0\5\u0082\u0086\4\2/3\1\1a");
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("\0\0\3\t\0\0\0\0\5\1\1a");
      assertThat(client.received()).asString().isEmpty();
    }
    node.pass(1_200);
    assertThat(client.received()).asString().contains(NOT_SET).contains(GOAWAY);
    assertThat(node.quota.taken()).isZero();
    node.pass(3_000);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aFrameThatIsNotWholeInTimeEndsTheConnection() {
    begin();
    client.send(POST + "\0\1\0\0\0\0\0\0\1");
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("x");
      assertThat(client.received()).asString().isEmpty();
    }
    node.pass(1_200);
    assertThat(client.received()).asString().contains("408").contains(GOAWAY);
  }

  @Test
  void framesThatFollowOnEachOtherEachHaveTheirTime() {
    begin();
    String ping = "\0\0\10\6\0\0\0\0\0\0\0\0\0\0\0\0\0";
    client.send(GET + ping.substring(0, 3));
    for (int second = 0; second < 60; second++) {
      node.pass(1_000);
      client.send(ping.substring(3) + ping.substring(0, 3));
    }
    assertThat(client.received()).asString().doesNotContain(GOAWAY);
    assertThat(node.quota.taken()).isEqualTo(1);
  }

  @Test
  void piecesOfFramesKeepNoIdleConnectionOpen() {
    begin();
    String ping = "\0\0\10\6\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (int second = 0; second < 80 && client.isOpen(); second++) {
      client.send(ping.substring(0, 3));
      node.pass(500);
      client.send(ping.substring(3));
      node.pass(500);
    }
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aMessageInFragmentsThatIsNotWholeInTimeIsClosedWith1008() {
    SocketCaller caller = new SocketCaller(client, "wait 1");
    client.send("\1\u0084\0\0\0\0wait");
    for (int second = 0; second < 9; second++) {
      node.pass(1_000);
      client.send("\0\u0081\0\0\0\0 " + "\u0089\u0080\0\0\0\0");
      client.received().setLength(0);
    }
    node.pass(1_200);
    caller.hear();
    assertThat(caller.closed).isEqualTo(1_008);
    assertThat(node.quota.taken()).isZero();
    node.pass(HttpLimits.LINGER_MILLIS + 200);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aFrameOfAWebSocketThatIsNotWholeInTimeIsClosedWith1008() {
    SocketCaller caller = new SocketCaller(client);
    client.send("\u0081\u00ff\0\0\0\0\0");
    node.pass(9_500);
    caller.hear();
    assertThat(caller.closed).isZero();
    node.pass(700);
    caller.hear();
    assertThat(caller.closed).isEqualTo(1_008);
  }

  @Test
  void messagesThatFollowOnEachOtherEachHaveTheirTime() {
    SocketCaller caller = new SocketCaller(client);
    String line = "\u0081\u0086\0\0\0\0wait 1";
    client.send(line.substring(0, 3));
    for (int second = 0; second < 60; second++) {
      node.pass(1_000);
      client.send(line.substring(3) + line.substring(0, 3));
    }
    client.send(line.substring(3));
    caller.hear();
    assertThat(caller.closed).isZero();
    node.pass(70_000);
    caller.hear();
    assertThat(caller.closed).isZero();
    assertThat(caller.pings).isEqualTo(1);
  }

  @Test
  void emptyLinesOnAnIdleConnectionMeanNothing() {
    client.send("\r\n");
    node.pass(20_000);
    client.send("GET /1?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    assertThat(client.received()).asString().startsWith("HTTP/1.1 204 ");
    client.received().setLength(0);
    node.pass(20_000);
    client.send("\r\n\r\n");
    node.pass(54_000);
    assertThat(client.received()).asString().isEmpty();
    assertThat(client.isOpen()).isTrue();
    node.pass(1_200);
    assertThat(client.received()).asString().isEmpty();
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void anEmptyLineBehindARequestMeansNothingInALaterTurnEither() {
    node.loops.get(0).io.turns.length = 0;
    client.send("GET /1?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    node.runAll();
    client.received().setLength(0);
    node.pass(20_000);
    assertThat(client.received()).asString().isEmpty();
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void anEmptyLineBehindAParkedWaitMeansNothing() {
    client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\r\n");
    node.pass(20_000);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("1"), 0));
    node.runAll();
    assertThat(client.received()).asString().startsWith("HTTP/1.1 200 ");
    client.received().setLength(0);
    node.pass(20_000);
    assertThat(client.received()).asString().isEmpty();
    assertThat(client.isOpen()).isTrue();
  }

  private void begin() {
    client.send(PREFACE + SETTINGS);
    node.runAll();
    client.received().setLength(0);
  }
}
