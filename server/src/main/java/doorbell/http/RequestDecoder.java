package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Netty's HTTP/1.1 decoder with our limits, outside of any pipeline. A connection has one only in
 * the middle of a request; between requests all connections of a loop share one.
 */
final class RequestDecoder extends HttpRequestDecoder {
  private static final HttpDecoderConfig CONFIG =
      new HttpDecoderConfig()
          .setMaxInitialLineLength(Limits.REQUEST_LINE)
          .setMaxHeaderSize(Limits.HEADER_FIELDS);

  private final List<Object> pieces = new ArrayList<>(2);
  private boolean between = true;

  RequestDecoder() {
    super(CONFIG);
  }

  /** The last request was whole and sound, and the next one has not begun. */
  boolean isBetweenRequests() {
    return between;
  }

  /**
   * Takes what it can of {@code bytes}, and hands on the pieces of one request that it makes of
   * them.
   *
   * @return false if it needs more bytes than these
   */
  boolean decode(ByteBuf bytes, Consumer<Object> taker) {
    int before = bytes.readableBytes();
    try {
      decode(null, bytes, pieces);
    } catch (Exception e) {
      throw new DecoderException(e);
    }
    if (pieces.isEmpty()) {
      between &= before == bytes.readableBytes();
      return before > bytes.readableBytes();
    }
    Object last = pieces.get(pieces.size() - 1);
    between = last instanceof LastHttpContent end && end.decoderResult().isSuccess();
    try {
      pieces.forEach(taker);
    } finally {
      pieces.forEach(ReferenceCountUtil::release);
      pieces.clear();
    }
    return true;
  }
}
