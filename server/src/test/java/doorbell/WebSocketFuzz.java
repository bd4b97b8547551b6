package doorbell;

/** A whole connection over WebSocket. */
public final class WebSocketFuzz {
  private static final String HELLO =
      """
      GET / HTTP/1.1\r
      Host: a\r
      Connection: Upgrade\r
      Upgrade: websocket\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      \r
      """;

  private WebSocketFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    NodeBytes.heard(HELLO, data);
  }
}
