package doorbell;

/** A whole connection of HTTP/1.1, or of what one turns into. */
public final class Http1Fuzz {
  private Http1Fuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    NodeBytes.heard("", data);
  }
}
