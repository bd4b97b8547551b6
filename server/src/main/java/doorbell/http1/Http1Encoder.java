package doorbell.http1;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.http.HttpLoop;
import doorbell.http.Response;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** Encodes responses for HTTP/1.1. Each event loop has an encoder of its own. */
final class Http1Encoder {
  private static final byte[] CLOSE = ascii("Connection: close\r\n");
  private static final byte[] KEEP = ascii("Connection: keep-alive\r\n");
  private static final byte[] UPGRADE = ascii("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  private static final byte[] LENGTH = ascii("Content-Length: ");
  private static final byte[] CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
  private static final byte[] LAST_CHUNK = ascii("0\r\n\r\n");
  private static final byte[] CRLF = ascii("\r\n");
  private static final ByteBuf CONTINUE =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer().writeBytes(ascii("HTTP/1.1 100 Continue\r\n\r\n")).asReadOnly());

  /** The fate of the connection after a response. */
  enum After {
    /** The connection stays open, as is usual. */
    STAYS,
    /** The connection stays open, and an HTTP/1.0 client is told so. */
    STAYS_AS_ASKED,
    /** The connection is closed. */
    CLOSES,
    /** The connection goes on as a WebSocket. */
    UPGRADES
  }

  private final HttpLoop loop;

  Http1Encoder(HttpLoop loop) {
    this.loop = loop;
  }

  static ByteBuf goOn() {
    return CONTINUE.duplicate();
  }

  /** A whole response. */
  ByteBuf whole(Response response, After after) {
    byte[] body = response.body;
    ByteBuf bytes = start(response.head, body == null ? 0 : body.length);
    appendAfter(bytes, after);
    if (body == null) {
      return bytes.writeBytes(CRLF);
    }
    bytes.writeBytes(LENGTH);
    bytes.writeCharSequence(Integer.toString(body.length), US_ASCII);
    bytes.writeBytes(CRLF).writeBytes(CRLF);
    return response.headOnly ? bytes : bytes.writeBytes(body);
  }

  /** The beginning of a response in parts: chunks, or any bytes until the connection ends. */
  ByteBuf open(Response.Head head, boolean chunked, After after) {
    ByteBuf bytes = start(head, 0);
    appendAfter(bytes, after);
    return (chunked ? bytes.writeBytes(CHUNKED) : bytes).writeBytes(CRLF);
  }

  /** A part of such a response, in ASCII; an empty text is the last chunk. */
  ByteBuf part(String text, boolean chunked) {
    byte[] bytes = ascii(text);
    ByteBuf part = loop.answers.directBuffer(bytes.length + 16);
    if (!chunked) {
      return part.writeBytes(bytes);
    }
    if (bytes.length == 0) {
      return part.writeBytes(LAST_CHUNK);
    }
    part.writeCharSequence(Integer.toHexString(bytes.length), US_ASCII);
    return part.writeBytes(CRLF).writeBytes(bytes).writeBytes(CRLF);
  }

  /** The end of a response in parts: the last chunk, or nothing. */
  ByteBuf end(boolean chunked) {
    return chunked ? part("", true) : Unpooled.EMPTY_BUFFER;
  }

  private ByteBuf start(Response.Head head, int more) {
    byte[] date = loop.dateField();
    return loop.answers
        .directBuffer(head.http1.length + date.length + 64 + more)
        .writeBytes(head.http1)
        .writeBytes(date);
  }

  private static void appendAfter(ByteBuf bytes, After after) {
    if (after == After.CLOSES) {
      bytes.writeBytes(CLOSE);
    } else if (after == After.STAYS_AS_ASKED) {
      bytes.writeBytes(KEEP);
    } else if (after == After.UPGRADES) {
      bytes.writeBytes(UPGRADE);
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }
}
