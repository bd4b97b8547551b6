package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.io.Transport;
import java.io.DataInputStream;
import java.net.Socket;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** More is to be said than there is room for at once, and the room comes back while it is said. */
class BackpressureTest {
  private static final String WAIT = "GET /1 HTTP/1.1\nHost: a\n\n";
  private static final String SCRIPT = "GET /doorbell.js HTTP/1.1\nHost: a\n\n";

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void allThatStandsBehindAWaitIsAnsweredToWhoSaysNoMore(Transport transport) throws Exception {
    int scripts = 200;
    try (PortFixture node = new PortFixture(transport)) {
      Peer peer = node.connect().say(WAIT + SCRIPT.repeat(scripts));
      peer.saysNoMore();
      assertThat(peer.hear().status()).isEqualTo(204);
      for (int i = 0; i < scripts; i++) {
        assertThat(peer.hear().status()).isEqualTo(200);
      }
      assertThat(peer.hearsTheEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void allStreamsThatAreWokenAtOnceAreAnswered(Transport transport) throws Exception {
    int streams = 900;
    try (PortFixture node = new PortFixture(transport);
        Socket socket = new Socket()) {
      socket.setSoTimeout(20_000);
      socket.connect(node.address());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      StringBuilder bytes = new StringBuilder("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      // No table for compressed fields, and windows that are large enough.
      bytes.append("\0\0\14\4\0\0\0\0\0\0\1\0\0\0\0\0\4\1\0\0\0");
      bytes.append("\0\0\4\10\0\0\0\0\0\1\0\0\0");
      for (int i = 0; i < streams; i++) {
        int id = 2 * i + 1;
        bytes.append("\0\0\t\1\5\0\0").append((char) (id >> 8)).append((char) (id & 0xff));
        bytes.append("\u0082\u0086\4\2/1\1\1a");
      }
      socket.getOutputStream().write(bytes.toString().getBytes(ISO_8859_1));
      await().until(() -> node.port.parked() == streams);
      node.table.set(EventId.parse("1"), 0);
      int ended = 0;
      while (ended < streams) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        in.readInt();
        in.readFully(new byte[length]);
        ended += type <= 1 && (flags & 1) != 0 ? 1 : 0;
      }
      assertThat(ended).isEqualTo(streams);
    }
  }
}
