package doorbell.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.util.Base64;

/** The request of a client of HTTP/1.1 to go on with WebSocket: RFC 6455, 4.2.1. */
final class Upgrade {
  private static final String VERSION = "13";
  private static final int KEY_BYTES = 16;

  private Upgrade() {}

  /** True if a request for the root asks for WebSocket; throws if the request can't be granted. */
  static boolean isWanted(HttpRequest request) throws HttpError {
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
}
