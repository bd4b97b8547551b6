package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A client that says no more behind a wait, and asks for another protocol behind that wait. */
class HandedOnAfterTheEndTest {
  private static final String WAIT = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";

  @SuppressWarnings("all")
  private static final String UPGRADE =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  @Test
  void aWebSocketOfAClientThatSaysNoMoreParksNothingAndIsClosed() {
    client.send(WAIT + UPGRADE + "\u0081\u0086\0\0\0\0wait 9");
    client.saysNoMore();
    node.pass(100);
    assertThat(node.quota.taken()).isZero();
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void http2OfAClientThatSaysNoMoreParksNothingAndIsClosed() {
    client.send(WAIT + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");
    client.send("\0\0\t\1\5\0\0\0\3\u0082\u0086\4\2/2\1\1a");
    client.saysNoMore();
    node.pass(100);
    assertThat(node.quota.taken()).isZero();
    assertThat(client.isOpen()).isFalse();
  }
}
