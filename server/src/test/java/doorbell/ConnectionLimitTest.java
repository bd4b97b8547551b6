package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.http.HttpLimits;
import doorbell.limit.Limit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections beyond the limits of their address, on a simulated node. */
class ConnectionLimitTest {
  private static final int CROWD = 1;
  private static final int HONEST = 2;
  private static final String FIELDS = " HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String ASK = "GET /22482?timeout=0" + FIELDS;

  private final SimulatedNode node = new SimulatedNode(options(2));
  private final SimulatedNode.Client first = node.connect(0, CROWD);
  private final SimulatedNode.Client second = node.connect(0, CROWD);

  static Options options(int connections) {
    return SimulatedNode.options(10_000, 0)
        .with(LimitOptions.MAX_CONNECTIONS_PER_ADDRESS, connections);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /22482",
        "POST /22482",
        "GET /",
        "OPTIONS /1",
        "GET /no/such/path",
        "nonsense",
        "PRI * HTTP/2.0\r\n"
      })
  void whateverItAsksForIs429AndItIsClosed(String what) {
    SimulatedNode.Client third = node.connect(0, CROWD);
    third.send(what + FIELDS);
    Answer refused = answer(third, false);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.body())
        .contains("at most 2 connections from one address; close some; try later");
    assertThat(refused.field("Retry-After")).matches("[5-9]|10");
    assertThat(refused.closes()).isTrue();
    assertThat(third.isOpen()).isFalse();
    assertThat(node.table.size()).isZero();
    served(first);
    served(node.connect(0, HONEST));
  }

  @Test
  void headIsAnsweredByTheHeadAlone() {
    SimulatedNode.Client third = node.connect(0, CROWD);
    third.send("HEAD /22482" + FIELDS);
    assertThat(answer(third, true).status()).isEqualTo(429);
    assertThat(third.received()).isEmpty();
  }

  @Test
  void whoSaysNothingIsToldAfterAMoment() {
    SimulatedNode.Client third = node.connect(0, CROWD);
    node.pass(HttpLimits.REFUSED_MILLIS - 10);
    assertThat(third.received()).isEmpty();
    node.pass(200);
    assertThat(answer(third, false).status()).isEqualTo(429);
    node.pass(HttpLimits.LINGER_MILLIS + 200);
    assertThat(third.endpoint.isGone()).isTrue();
  }

  @Test
  void whoSaysNoMoreIsToldAtOnce() {
    SimulatedNode.Client third = node.connect(0, CROWD);
    third.saysNoMore();
    node.runAll();
    assertThat(answer(third, false).status()).isEqualTo(429);
    assertThat(third.endpoint.isGone()).isTrue();
  }

  @Test
  void aClosedConnectionLeavesItsPlaceToTheNextAndNothingElse() {
    SimulatedNode.Client third = node.connect(0, CROWD);
    third.send(ASK);
    assertThat(answer(third, false).status()).isEqualTo(429);
    first.hangUp();
    node.runAll();
    SimulatedNode.Client fourth = node.connect(0, CROWD);
    served(fourth);
    for (SimulatedNode.Client client : new SimulatedNode.Client[] {second, third, fourth}) {
      client.hangUp();
    }
    node.runAll();
    assertThat(node.loops.get(0).io.open()).isZero();
    assertThat(node.leaked()).isZero();
    assertThat(node.loops.get(0).io.deadlines.all()).isEmpty();
    served(node.connect(0, CROWD));
    served(node.connect(0, CROWD));
  }

  @Test
  void aFloodIsStillAnsweredAndHoldsFewConnections() {
    for (int i = 0; i < 3_000; i++) {
      SimulatedNode.Client client = node.connect(0, CROWD);
      if (!client.isOpen()) {
        assertThat(answer(client, false).status()).isEqualTo(429);
      }
    }
    assertThat(node.loops.get(0).io.open()).isBetween(100, 300);
    served(first);
    served(node.connect(0, HONEST));
    assertThat(node.quota.refusals(Limit.CONNECTIONS_PER_ADDRESS)).isEqualTo(3_000);
    assertThat(node.loops.get(0).counts.refusals(429).get()).isGreaterThan(2_000);
  }

  @Test
  void aRefusedConnectionEndsWithTheNode() {
    SimulatedNode.Client third = node.connect(0, CROWD);
    node.close();
    assertThat(third.isOpen()).isFalse();
  }

  @Test
  void newConnectionsHaveARate() {
    SimulatedNode rated =
        new SimulatedNode(
            SimulatedNode.options(10_000, 0)
                .with(LimitOptions.MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS, 1));
    for (int i = 0; i < 10; i++) {
      served(rated.connect(0, CROWD));
    }
    SimulatedNode.Client over = rated.connect(0, CROWD);
    over.send(ASK);
    assertThat(answer(over, false).body()).contains("at most 1 new connections a second");
    served(rated.connect(0, HONEST));
    rated.pass(1_000);
    served(rated.connect(0, CROWD));
  }

  private static void served(SimulatedNode.Client client) {
    client.send(ASK);
    assertThat(answer(client, false).status()).isEqualTo(204);
  }

  private static Answer answer(SimulatedNode.Client client, boolean toHead) {
    StringBuilder received = client.received();
    return requireNonNull(Answer.take(received, toHead), () -> "no answer but " + received);
  }
}
