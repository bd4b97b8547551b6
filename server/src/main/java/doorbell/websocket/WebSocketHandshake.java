package doorbell.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.http.Response;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The response to a request that goes on as a {@link WebSocketConnection}: RFC 6455, 4.2.2. */
public final class WebSocketHandshake {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  private WebSocketHandshake() {}

  /** 101, with the proof that {@code key} was understood. */
  public static Response accept(@Nullable String key) {
    byte[] proof = (key + GUID).getBytes(ISO_8859_1);
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
