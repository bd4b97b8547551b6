package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** A request that asks to go on as a {@link WebSocketConnection}: RFC 6455, 4.2. */
final class WebSocketHandshake {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final String VERSION = "13";
  private static final int KEY_BYTES = 16;

  private WebSocketHandshake() {}

  /** Whether a request for the root is one; refuses one that can't be granted. */
  static boolean is(HttpRequest request) throws HttpError {
    HttpHeaders headers = request.headers();
    if (request.protocolVersion().minorVersion() == 0
        || !headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderNames.UPGRADE, true)
        || !headers.containsValue(HttpHeaderNames.UPGRADE, "websocket", true)) {
      return false;
    }
    if (!VERSION.equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
      throw new HttpError(426, "this is version 13 of WebSocket", "Sec-WebSocket-Version", VERSION);
    }
    if (!isKey(headers.get(HttpHeaderNames.SEC_WEBSOCKET_KEY, ""))) {
      throw new HttpError(400, "Sec-WebSocket-Key is 16 bytes in base64");
    }
    return true;
  }

  private static boolean isKey(String key) {
    try {
      return Base64.getDecoder().decode(key).length == KEY_BYTES;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** What a request for WebSocket is answered. */
  static Response accept(RequestReader request) {
    byte[] proof = (request.webSocketKey + GUID).getBytes(ISO_8859_1);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-1").digest(proof);
      String accept = Base64.getEncoder().encodeToString(hash);
      return new Response(
          new Response.Head(101, null, "Sec-WebSocket-Accept", accept), null, false);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-1", e);
    }
  }
}
