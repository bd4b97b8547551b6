package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** A whole connection of HTTP/1.1, or of WebSocket that one turns into. */
public final class Http1Fuzz {
  private Http1Fuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    if (!new String(data, ISO_8859_1).startsWith("PRI ")) { // Http2Fuzz has those.
      NodeBytes.heard("", data);
    }
  }
}
