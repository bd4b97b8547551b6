package doorbell.http2;

import doorbell.http.HttpLimits;
import io.netty.buffer.ByteBuf;

/**
 * Follows the frames of HTTP/2 in the bytes that arrive, by frame lengths alone, to tell if a frame
 * is only partly here, or a head that lacks further frames; and counts frames of control, which
 * carry no request.
 */
final class FrameEnds {
  private static final int HEAD_BYTES = 9;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int CONTINUATION = 9;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;

  /** Head bytes of the current frame: the count, and below the first bytes. */
  private int headBytes;

  private long head;

  /** Payload bytes of the frame still to come; at first, bytes of the preface's end. */
  private int left;

  private int length;

  /** Frames that have begun; all frames of a head count once. */
  private int count;

  private boolean inHeaders;

  /** Frames of control that no request has paid for yet, up to their price in {@link #takeCost}. */
  private int controls;

  /** Frames of control that the requests so far have paid for. */
  private int paid;

  private int questions;

  /** Begins with {@code before} bytes that are no frame; at least one frame follows. */
  FrameEnds(int before) {
    left = before;
  }

  /** Examines bytes that arrived, and leaves the buffer unchanged. */
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

  /** The first five bytes of a head are here: length, type and flags. */
  private void onKind() {
    int type = (int) (head >> Byte.SIZE) & 0xff;
    if (type == HEADERS || type == CONTINUATION) {
      inHeaders = (head & END_HEADERS) == 0;
    }
    if (type == HEADERS) {
      paid = Math.min(paid + HttpLimits.CONTROLS_PER_REQUEST, HttpLimits.ALLOWANCE);
    } else if (type != DATA && type != CONTINUATION) {
      onControl((type == PING || type == SETTINGS) && (head & ACK) == 0);
    }
    length = (int) (head >> Short.SIZE) & 0xff_ffff;
  }

  private void onControl(boolean isQuestion) {
    questions += isQuestion ? 1 : 0;
    if (paid > 0) {
      paid--;
    } else {
      controls++;
    }
  }

  /** The cost of the frames of control since the last call; requests pay for some. */
  int takeCost() {
    int cost = controls / HttpLimits.CONTROLS_PER_COST;
    controls -= cost * HttpLimits.CONTROLS_PER_COST;
    return cost;
  }

  /** Frames since the last call that each want an answer: pings and settings. */
  int takeQuestions() {
    int asked = questions;
    questions = 0;
    return asked;
  }

  private void onHead() {
    left = length;
    headBytes = 0;
    head = 0;
  }

  /** True if no frame is partly here. */
  boolean isBetween() {
    return count > 0 && left == 0 && headBytes == 0 && !inHeaders;
  }

  /** A number that differs for each frame, or head, that is partly here. */
  int count() {
    return count;
  }
}
