package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.ArrayList;
import java.util.List;

/** A client of the simulation that speaks WebSocket. */
final class SocketCaller {
  private static final String UPGRADE =
      """
      GET / HTTP/1.1
      Host: a
      Connection: Upgrade
      Upgrade: websocket
      Sec-WebSocket-Version: 13
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==

      """
          .replace("\n", "\r\n");

  /** What RFC 6455 has in 1.3 for that key. */
  private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

  private static final int TEXT = 0x81;
  private static final int CLOSE = 0x88;
  private static final int PING = 0x89;

  final SimulatedNode.Client client;

  /** The code that the node closed with; 0 if it did not. */
  int closed;

  int pings;

  /** Asks to go on as a WebSocket, and says the first lines in the same bytes. */
  SocketCaller(SimulatedNode.Client client, String... lines) {
    this.client = client;
    StringBuilder bytes = new StringBuilder(UPGRADE);
    for (String line : lines) {
      bytes.append(frame(TEXT, line));
    }
    client.send(bytes.toString());
    Answer answer = Answer.take(client.received(), true);
    if (answer == null || !ACCEPT.equals(answer.field("Sec-WebSocket-Accept"))) {
      throw new AssertionError("no WebSocket: " + answer);
    }
  }

  SocketCaller say(String line) {
    client.send(frame(TEXT, line));
    return this;
  }

  void sayAll(List<String> lines) {
    StringBuilder bytes = new StringBuilder();
    lines.forEach(line -> bytes.append(frame(TEXT, line)));
    client.send(bytes.toString());
  }

  void pong() {
    client.send(frame(0x8A, ""));
  }

  /** Closes as a browser does. */
  void close() {
    client.send(frame(CLOSE, "\u0003\u00e8"));
  }

  /** The lines that have come since the last call. */
  List<String> hear() {
    List<String> lines = new ArrayList<>();
    StringBuilder received = client.received();
    while (!received.isEmpty()) {
      int length = received.charAt(1);
      String payload = received.substring(2, 2 + length);
      switch (received.charAt(0)) {
        case TEXT -> lines.add(payload);
        case CLOSE -> closed = payload.charAt(0) << 8 | payload.charAt(1);
        case PING -> pings++;
        default -> throw new AssertionError("a frame of " + (int) received.charAt(0));
      }
      received.delete(0, 2 + length);
    }
    return lines;
  }

  /** One frame, masked. */
  private static String frame(int first, String payload) {
    byte[] mask = {0x12, (byte) 0xf3, 0x40, 0x55};
    StringBuilder frame = new StringBuilder().append((char) first);
    if (payload.length() < 126) {
      frame.append((char) (0x80 | payload.length()));
    } else {
      frame.append((char) (0x80 | 126));
      frame.append((char) (payload.length() >> 8)).append((char) (payload.length() & 0xff));
    }
    frame.append(new String(mask, ISO_8859_1));
    for (int i = 0; i < payload.length(); i++) {
      frame.append((char) ((payload.charAt(i) ^ mask[i % 4]) & 0xff));
    }
    return frame.toString();
  }
}
