package doorbell.http1;

import doorbell.http.HttpLimits;
import doorbell.http.Memory;
import doorbell.io.Budget;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
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
final class Http1Decoder extends HttpRequestDecoder {
  private static final HttpDecoderConfig CONFIG =
      new HttpDecoderConfig()
          .setMaxInitialLineLength(HttpLimits.REQUEST_LINE)
          .setMaxHeaderSize(HttpLimits.HEADER_FIELDS);

  /** Lines of a head shorter than this aren't looked through for folds. */
  private static final int SHORT_HEAD = 512;

  private final List<Object> pieces = new ArrayList<>(2);
  private boolean between = true;

  /** The head of the request isn't whole yet. */
  private boolean inHead = true;

  /** What is kept of heads and trailers that have no end yet, and what is counted of it. */
  private int kept;

  private int held;

  Http1Decoder() {
    super(CONFIG);
  }

  /** What the lines of a head take that were read from {@code from} on. */
  private static int cost(ByteBuf bytes, int from) {
    int cost = bytes.readerIndex() - from;
    for (int i = from; i < bytes.readerIndex(); i++) {
      cost += bytes.getByte(i) == '\n' ? Memory.FIELD : 0;
    }
    return cost;
  }

  /** It stands by for the rest of a request. False if there is no room for it. */
  boolean mayWait(Budget budget) {
    int now = Memory.REQUEST + kept;
    budget.count(now - held);
    held = now;
    return !budget.isSpentFor(held);
  }

  /** It doesn't stand by any more. */
  void release(Budget budget) {
    budget.count(-held);
    held = 0;
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
    if (between && skipEmptyLines(bytes)) {
      return false;
    }
    if (inHead && bytes.readableBytes() > SHORT_HEAD) {
      unfold(bytes);
    }
    int from = bytes.readerIndex();
    try {
      decode(null, bytes, pieces);
    } catch (Exception e) {
      throw new DecoderException(e);
    }
    boolean taken = from < bytes.readerIndex();
    if (pieces.isEmpty()) {
      between &= !taken;
      kept += cost(bytes, from);
      return taken;
    }
    Object last = pieces.get(pieces.size() - 1);
    between = last instanceof LastHttpContent end && end.decoderResult().isSuccess();
    inHead = between;
    if (between) {
      kept = 0;
    } else if (pieces.get(0) instanceof HttpRequest) {
      kept += cost(bytes, from);
    }
    try {
      pieces.forEach(taker);
    } finally {
      pieces.forEach(ReferenceCountUtil::release);
      pieces.clear();
    }
    return true;
  }

  /** More of a line that isn't whole yet: it is looked through only once it is, or is too long. */
  static boolean endsNoLine(ByteBuf kept, ByteBuf came) {
    return kept.readableBytes() + came.readableBytes() <= HttpLimits.REQUEST_LINE
        && came.indexOf(came.readerIndex(), came.writerIndex(), HttpConstants.LF) < 0;
  }

  /** Those before a request mean nothing: RFC 9112, 2.2. True if there is nothing else. */
  private static boolean skipEmptyLines(ByteBuf bytes) {
    while (bytes.isReadable()) {
      if (!isLineEnd(bytes.getByte(bytes.readerIndex()))) {
        return false;
      }
      bytes.skipBytes(1);
    }
    return true;
  }

  private static boolean isLineEnd(byte next) {
    return next == HttpConstants.CR || next == HttpConstants.LF;
  }

  /**
   * Puts spaces where a field's line is folded, as RFC 9112 allows in 5.2: Netty would copy the
   * field at each fold.
   */
  private static void unfold(ByteBuf bytes) {
    if (isLineEnd(bytes.getByte(bytes.readerIndex()))) {
      return;
    }
    int most = bytes.readerIndex() + HttpLimits.REQUEST_LINE + HttpLimits.HEADER_FIELDS;
    int end = Math.min(bytes.writerIndex(), most);
    int line = bytes.indexOf(bytes.readerIndex(), end, HttpConstants.LF) + 1;
    while (line > 0 && line < end) {
      byte first = bytes.getByte(line);
      boolean folded = first == HttpConstants.SP || first == HttpConstants.HT;
      if (folded && bytes.getByte(line - 2) == HttpConstants.CR) {
        bytes.setShort(line - 2, HttpConstants.SP << Byte.SIZE | HttpConstants.SP);
      } else if (isLineEnd(first)) {
        return;
      }
      line = bytes.indexOf(line, end, HttpConstants.LF) + 1;
    }
  }
}
