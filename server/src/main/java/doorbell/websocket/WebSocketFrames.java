package doorbell.websocket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.http.HttpLimits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.CharacterCodingException;
import org.jspecify.annotations.Nullable;

/** The frames of a WebSocket, as in RFC 6455, 5.2; the parts of a client's message are joined. */
final class WebSocketFrames {
  private static final int CONTINUATION = 0x0;
  static final int TEXT = 0x1;
  private static final int BINARY = 0x2;
  static final int CLOSE = 0x8;
  static final int PING = 0x9;
  private static final int PONG = 0xA;

  private static final int NORMAL = 1000;
  static final int GOING_AWAY = 1001;
  private static final int PROTOCOL_ERROR = 1002;
  private static final int UNACCEPTABLE = 1003;
  private static final int NOT_UTF_8 = 1007;
  static final int TOO_SLOW = 1008;
  private static final int TOO_BIG = 1009;
  static final int TRY_AGAIN_LATER = 1013;

  /** The most payload of a control frame, in bytes. */
  private static final int CONTROL_PAYLOAD = 125;

  private static final int FINAL = 0x80;
  private static final int RESERVED = 0x70;
  private static final int OPCODE = 0x0F;
  private static final int MASKED = 0x80;
  private static final int LENGTH = 0x7F;
  private static final int TWO_BYTES = 126;
  private static final int EIGHT_BYTES = 127;
  private static final int MASK_BYTES = 4;

  /** A frame that a client may not send; the code says why the connection is closed. */
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1;
    final int code;

    Broken(int code, String reason) {
      super(reason, null, false, false);
      this.code = code;
    }
  }

  /**
   * A message of a client, or a part, or a control frame.
   *
   * @param last true if the message ends with this frame
   * @param payload unmasked, in the received or the joined buffer
   */
  record Frame(int opcode, boolean last, ByteBuf payload) {
    boolean isControl() {
      return opcode >= CLOSE;
    }

    String text() throws Broken {
      try {
        return UTF_8.newDecoder().decode(payload.nioBuffer()).toString();
      } catch (CharacterCodingException e) {
        throw new Broken(NOT_UTF_8, "a message is UTF-8");
      }
    }

    /** The code of a close frame: RFC 6455, 7.4. */
    int closeCode() throws Broken {
      if (!payload.isReadable()) {
        return NORMAL;
      }
      int code = payload.readableBytes() == 1 ? 0 : payload.readUnsignedShort();
      boolean known = code >= NORMAL && code < 1015 && (code < 1004 || code > 1006);
      if (!known && (code < 3000 || code >= 5000)) {
        throw new Broken(PROTOCOL_ERROR, "there is no such code");
      }
      text();
      return code;
    }
  }

  /** The joined frames of a message; more frames are to come unless {@link #given}. */
  private @Nullable ByteBuf message;

  private int count;

  /** True if the message was given out; the next call releases the buffer. */
  private boolean given;

  /**
   * Takes frames of {@code bytes} until a message or a control frame is whole. The result is valid
   * until the next call.
   *
   * @return null if all bytes are taken, or only the beginning of a frame is left
   */
  @Nullable Frame next(ByteBuf bytes, ByteBufAllocator allocator) throws Broken {
    if (given) {
      release();
    }
    Frame frame = read(bytes);
    while (frame != null && !frame.isControl()) {
      boolean begins = frame.opcode != CONTINUATION;
      if (begins == (message != null)) {
        throw new Broken(PROTOCOL_ERROR, "finish a message before the next one begins");
      }
      count += frame.last ? 1 : 0;
      if (begins && frame.last) {
        return frame;
      }
      ByteBuf joined = join(frame.payload, allocator);
      if (frame.last) {
        given = true;
        return new Frame(TEXT, true, joined);
      }
      frame = read(bytes);
    }
    return frame;
  }

  /** The number of messages that were given out. */
  int count() {
    return count;
  }

  /**
   * The rest of {@code all}, as a buffer to keep; null if empty. A frame that comes in many pieces
   * isn't copied at each piece, and a large buffer isn't kept for a few bytes.
   */
  static @Nullable ByteBuf rest(ByteBuf all, @Nullable ByteBuf kept, ByteBufAllocator allocator) {
    int left = all.readableBytes();
    if (kept != null && left > kept.capacity() / 4) {
      return kept.discardReadBytes().retain();
    }
    return left == 0 ? null : allocator.buffer(left).writeBytes(all);
  }

  /** True while a message has begun and isn't whole. */
  boolean isInMessage() {
    return message != null && !given;
  }

  private ByteBuf join(ByteBuf part, ByteBufAllocator allocator) throws Broken {
    ByteBuf parts = message == null ? allocator.heapBuffer() : message;
    message = parts;
    if (parts.readableBytes() + part.readableBytes() > HttpLimits.MESSAGE) {
      throw tooBig();
    }
    return parts.writeBytes(part);
  }

  /** Bytes held for a message. */
  int held() {
    return message == null ? 0 : message.capacity();
  }

  /** Releases the buffer of a message. */
  void release() {
    given = false;
    if (message != null) {
      message.release();
      message = null;
    }
  }

  private static @Nullable Frame read(ByteBuf bytes) throws Broken {
    int from = bytes.readerIndex();
    if (bytes.readableBytes() < 2) {
      return null;
    }
    int first = bytes.getUnsignedByte(from);
    int second = bytes.getUnsignedByte(from + 1);
    check(first, second);
    int header = 2 + MASK_BYTES + lengthBytes(second & LENGTH);
    if (bytes.readableBytes() < header) {
      return null;
    }
    int length = length(bytes, from + 2, second & LENGTH);
    if (bytes.readableBytes() - header < length) {
      return null;
    }
    ByteBuf payload = bytes.skipBytes(header).readSlice(length);
    unmask(payload, bytes.getInt(from + header - MASK_BYTES));
    return new Frame(first & OPCODE, (first & FINAL) != 0, payload);
  }

  private static void check(int first, int second) throws Broken {
    int opcode = first & OPCODE;
    if ((first & RESERVED) != 0) {
      throw new Broken(PROTOCOL_ERROR, "no extension was agreed on");
    }
    if ((second & MASKED) == 0) {
      throw new Broken(PROTOCOL_ERROR, "a client masks its frames");
    }
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) {
      throw new Broken(PROTOCOL_ERROR, "there is no such frame");
    }
    if (opcode >= CLOSE && ((first & FINAL) == 0 || (second & LENGTH) > CONTROL_PAYLOAD)) {
      throw new Broken(PROTOCOL_ERROR, "a control frame is whole and small");
    }
    if (opcode == BINARY) {
      throw new Broken(UNACCEPTABLE, "a message here is text");
    }
  }

  private static int lengthBytes(int length) {
    return length == TWO_BYTES ? Short.BYTES : length == EIGHT_BYTES ? Long.BYTES : 0;
  }

  private static int length(ByteBuf bytes, int at, int said) throws Broken {
    long length =
        switch (said) {
          case TWO_BYTES -> bytes.getUnsignedShort(at);
          case EIGHT_BYTES -> bytes.getLong(at);
          default -> said;
        };
    if (length < 0 || length > HttpLimits.MESSAGE) {
      throw tooBig();
    }
    return (int) length;
  }

  private static Broken tooBig() {
    return new Broken(TOO_BIG, "a message has at most " + HttpLimits.MESSAGE + " bytes");
  }

  private static void unmask(ByteBuf payload, int mask) {
    for (int i = 0; i < payload.readableBytes(); i++) {
      int at = payload.readerIndex() + i;
      payload.setByte(at, payload.getByte(at) ^ mask >>> (24 - 8 * (i % MASK_BYTES)));
    }
  }

  /** A text frame of the node, in ASCII. */
  static ByteBuf text(ByteBufAllocator allocator, String text) {
    ByteBuf frame = start(allocator, TEXT, text.length());
    frame.writeCharSequence(text, US_ASCII);
    return frame;
  }

  static ByteBuf ping(ByteBufAllocator allocator) {
    return start(allocator, PING, 0);
  }

  /** The pong that answers a ping with this payload. */
  static ByteBuf pong(ByteBufAllocator allocator, ByteBuf payload) {
    return start(allocator, PONG, payload.readableBytes()).writeBytes(payload);
  }

  static ByteBuf close(ByteBufAllocator allocator, int code, String reason) {
    ByteBuf frame = start(allocator, CLOSE, Short.BYTES + reason.length()).writeShort(code);
    frame.writeCharSequence(reason, US_ASCII);
    return frame;
  }

  private static ByteBuf start(ByteBufAllocator allocator, int opcode, int length) {
    ByteBuf frame = allocator.directBuffer(4 + length).writeByte(FINAL | opcode);
    return length < TWO_BYTES
        ? frame.writeByte(length)
        : frame.writeByte(TWO_BYTES).writeShort(length);
  }
}
