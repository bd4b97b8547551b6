package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.fuzz.Pieces;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A client's bytes to a whole node, in which 1 is set before they come, and 2 and 3 afterwards. The
 * client hears the same however its bytes are cut, and nothing is left of it in the end.
 */
final class NodeBytes {
  private static final int HOLD_MILLIS = 80_000;

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  private NodeBytes() {}

  /** What a client hears that says {@code hello}, and then {@code data} in each of some ways. */
  static String heard(String hello, byte[] data) {
    return heard(hello, data, UnaryOperator.identity());
  }

  /**
   * What a client hears that says {@code hello}, and then {@code data} in each of some ways, of
   * which {@code said} is compared.
   */
  static String heard(String hello, byte[] data, UnaryOperator<String> said) {
    String whole = null;
    for (List<byte[]> pieces : Pieces.of(data)) {
      String heard = new NodeBytes().say(hello, pieces);
      whole = whole == null ? heard : whole;
      assertThat(said.apply(heard)).isEqualTo(said.apply(whole));
    }
    return String.valueOf(whole);
  }

  private String say(String hello, List<byte[]> pieces) {
    set("1");
    if (!hello.isEmpty()) {
      client.send(hello);
      node.runAll();
    }
    for (byte[] piece : pieces) {
      client.send(new String(piece, ISO_8859_1));
      node.runAll();
    }
    set("2");
    set("3");
    node.pass(100);
    String heard = client.received().toString();
    leave();
    return heard;
  }

  private void set(String id) {
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse(id), 0));
    node.runAll();
  }

  /** Ends its side as a client may, and is gone in the end. */
  private void leave() {
    client.saysNoMore();
    node.runAll();
    if (!client.endpoint.isGone()) {
      node.advance(HOLD_MILLIS);
      node.runAll();
    }
    client.hangUp();
    node.runAll();
    assertThat(node.thrown).isEmpty();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.table.size()).isZero();
    assertThat(node.leaked()).isZero();
    assertThat(client.loop.io.deadlines.all()).isEmpty();
    assertThat(client.loop.io.open()).isZero();
    client.loop.io.input().release(); // A loop keeps it for good, and this one ends here.
  }
}
