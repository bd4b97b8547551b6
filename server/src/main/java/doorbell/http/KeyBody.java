package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;

/** The key of a sealed id in the body of its set. White space around it is not kept. */
final class KeyBody {
  /** A key, and a byte more to tell what is longer. */
  private static final int MOST = 128 + 1;

  private final byte[] key = new byte[MOST];
  private int length;
  private boolean ended;
  private boolean broken;

  void add(ByteBuf piece) {
    for (int i = piece.readerIndex(); i < piece.writerIndex() && !broken; i++) {
      byte next = piece.getByte(i);
      if (next >= 0 && next <= ' ') {
        ended = length > 0;
      } else if (ended || length == MOST) {
        broken = true;
      } else {
        key[length++] = next;
      }
    }
  }

  /** One character for each byte; what can't be a key is none. */
  String key() {
    return broken ? "" : new String(key, 0, length, ISO_8859_1);
  }
}
