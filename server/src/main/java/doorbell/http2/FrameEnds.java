package doorbell.http2;

import io.netty.buffer.ByteBuf;

/**
 * Follows the frames of HTTP/2 in the bytes that come, by their lengths alone: so that it is known
 * whether one is only there in part, or a head of which more frames are to come.
 */
final class FrameEnds {
  private static final int HEAD_BYTES = 9;
  private static final int HEADERS = 1;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;

  /** Bytes of the frame's head that have come, and its first bytes. */
  private int headBytes;

  private long head;

  /** Bytes of its payload that are still to come; at first those of the preface's end. */
  private int left;

  private int length;

  /** How many frames have begun, those of one head together being one. */
  private int count;

  private boolean inHeaders;

  /** Begins with so many bytes that are no frame; at least one frame follows them. */
  FrameEnds(int before) {
    left = before;
  }

  /** Looks at bytes that came, and leaves them as they are. */
  void follow(ByteBuf bytes) {
    int at = bytes.readerIndex();
    int end = bytes.writerIndex();
    while (at < end) {
      if (left > 0) {
        int skipped = Math.min(left, end - at);
        left -= skipped;
        at += skipped;
      } else {
        count += headBytes == 0 && !inHeaders ? 1 : 0;
        head = head << Byte.SIZE | bytes.getUnsignedByte(at++);
        if (++headBytes == HEAD_BYTES) {
          onHead();
        } else if (headBytes == HEAD_BYTES - Integer.BYTES) {
          onKind();
        }
      }
    }
  }

  /** The length, the type and the flags are there: the first five bytes. */
  private void onKind() {
    int type = (int) (head >> Byte.SIZE) & 0xff;
    if (type == HEADERS || type == CONTINUATION) {
      inHeaders = (head & END_HEADERS) == 0;
    }
    length = (int) (head >> Short.SIZE) & 0xff_ffff;
  }

  private void onHead() {
    left = length;
    headBytes = 0;
    head = 0;
  }

  /** Nothing is there in part. */
  boolean isBetween() {
    return count > 0 && left == 0 && headBytes == 0 && !inHeaders;
  }

  /** Another number for each frame, or head, that is there in part. */
  int count() {
    return count;
  }
}
