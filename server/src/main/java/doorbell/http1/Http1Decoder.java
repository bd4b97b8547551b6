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
 * Netty's HTTP/1.1 decoder with our limits, outside of any pipeline. A connection has a decoder
 * only in the middle of a request; between requests the connections of a loop share a decoder.
 */
final class Http1Decoder extends HttpRequestDecoder {
  private static final HttpDecoderConfig CONFIG =
      new HttpDecoderConfig()
          .setMaxInitialLineLength(HttpLimits.REQUEST_LINE)
          .setMaxHeaderSize(HttpLimits.HEADER_FIELDS);

  /** Heads of up to so many bytes aren't searched for folded lines. */
  private static final int SHORT_HEAD = 512;

  private final List<Object> pieces = new ArrayList<>(2);
  private boolean between = true;

  /** True until the head of the request is whole. */
  private boolean inHead = true;

  /** Memory of the head and trailers of an unfinished request, and below all counted bytes. */
  private int kept;

  private int held;

  Http1Decoder() {
    super(CONFIG);
  }

  /**
   * True if {@code head} is the beginning of HTTP/2's preface: RFC 9113, 3.4. It stands here, since
   * the classes of HTTP/2 are for clients that speak it, and each start would load them.
   */
  static boolean isHttp2Preface(HttpRequest head) {
    return head.protocolVersion().majorVersion() == 2
        && head.method().name().equals("PRI")
        && head.uri().equals("*");
  }

  /** Memory of header lines that were read since {@code from}, in bytes. */
  private static int cost(ByteBuf bytes, int from) {
    int cost = bytes.readerIndex() - from;
    for (int i = from; i < bytes.readerIndex(); i++) {
      cost += bytes.getByte(i) == '\n' ? Memory.FIELD : 0;
    }
    return cost;
  }

  /** Counts the decoder of an unfinished request; false if the budget has no room. */
  boolean mayWait(Budget budget) {
    int now = Memory.REQUEST + kept;
    budget.count(now - held);
    held = now;
    return !budget.isSpentFor(held);
  }

  /** Gives all counted bytes back to the budget. */
  void release(Budget budget) {
    budget.count(-held);
    held = 0;
  }

  /** True if the last request was whole and sound, and the next has not begun. */
  boolean isBetweenRequests() {
    return between;
  }

  /**
   * Decodes a part of {@code bytes}, and hands on the resulting pieces of a request.
   *
   * @return false if more bytes are needed
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

  /** True if {@code came} ends no line: lines are decoded only once whole, or too long. */
  static boolean endsNoLine(ByteBuf kept, ByteBuf came) {
    return kept.readableBytes() + came.readableBytes() <= HttpLimits.REQUEST_LINE
        && came.indexOf(came.readerIndex(), came.writerIndex(), HttpConstants.LF) < 0;
  }

  /** Empty lines before a request mean nothing: RFC 9112, 2.2. True if no other bytes are here. */
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
   * Puts spaces where a header line is folded, as RFC 9112 allows in 5.2: Netty would copy the
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
