package doorbell.http1;

import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.Memory;
import doorbell.io.Budget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpConstants;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Netty's HTTP/1.1 decoder with our limits, outside of any pipeline. A connection has a decoder
 * only in the middle of a request; between requests the connections of a loop share a decoder.
 */
final class Http1Decoder extends HttpRequestDecoder {
  private static final HttpDecoderConfig CONFIG =
      new HttpDecoderConfig()
          .setMaxInitialLineLength(HttpLimits.REQUEST_LINE)
          .setMaxHeaderSize(HttpLimits.HEADER_FIELDS);

  private static final String BAD_LINE =
      "a request line is METHOD TARGET HTTP/1.1, with one space between them";
  private static final String BAD_FIELD = "a header field is one line that begins with its name";

  private static final byte DELETE = 0x7F;

  /** No request line and no header field begins with this byte. */
  private static final byte NO_NAME = ':';

  private final List<Object> pieces = new ArrayList<>(2);
  private boolean between = true;

  /** True until the head of the request is whole. */
  private boolean inHead = true;

  /** True once a trailer has come. */
  private boolean inTrailers;

  /** The bytes that are decoded now, behind the line that Netty takes apart. */
  private ByteBuf source = Unpooled.EMPTY_BUFFER;

  /** The rule that the head breaks, where Netty has no sentence for it. */
  private @Nullable String broken;

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
    int from = bytes.readerIndex();
    read(bytes);
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
      broken = null;
      inTrailers = false;
    } else if (pieces.get(0) instanceof HttpRequest head) {
      kept += cost(bytes, from);
      explain(head);
    }
    try {
      pieces.forEach(taker);
    } finally {
      pieces.forEach(ReferenceCountUtil::release);
      pieces.clear();
    }
    return true;
  }

  private void read(ByteBuf bytes) {
    source = bytes;
    if (inHead || inTrailers) {
      breakFold();
    }
    try {
      decode(null, bytes, pieces);
    } catch (Exception e) {
      throw new DecoderException(e);
    } finally {
      source = Unpooled.EMPTY_BUFFER;
    }
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
   * Writes a byte that Netty refuses over white space at the start of the next line. Netty would
   * skip it before a request line, and unfold a field where other servers see two: RFC 9112, 5.2.
   */
  private void breakFold() {
    if (source.isReadable()) {
      byte first = source.getByte(source.readerIndex());
      if (!isVisible(first) && !isLineEnd(first)) {
        source.setByte(source.readerIndex(), NO_NAME);
      }
    }
  }

  private static boolean isVisible(byte next) {
    return next > HttpConstants.SP && next != DELETE;
  }

  private void explain(HttpRequest head) {
    if (broken != null && head.decoderResult().isFailure()) {
      head.setDecoderResult(DecoderResult.failure(new HttpError(400, broken)));
    }
  }

  @Override
  protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
    broken = line[start] == NO_NAME ? BAD_LINE : null;
    return super.splitFirstWordInitialLine(line, start, length);
  }

  @Override
  protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
    checkSpace(line, start);
    for (int i = start; i < start + length; i++) {
      if (line[i] >= 0 && !isVisible(line[i])) {
        broken = BAD_LINE;
      }
    }
    return super.splitSecondWordInitialLine(line, start, length);
  }

  @Override
  protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
    checkSpace(line, start);
    return super.splitThirdWordInitialLine(line, start, length);
  }

  /** Netty takes any white space between the words of a request line. */
  private void checkSpace(byte[] line, int word) {
    if (line[word - 1] != HttpConstants.SP || (line[word - 2] & 0xFF) <= HttpConstants.SP) {
      broken = BAD_LINE;
    }
  }

  /** Netty takes the name of the protocol in lower case, too. */
  @Override
  protected HttpMessage createMessage(String[] line) throws Exception {
    if (broken != null || !line[2].startsWith("HTTP/")) {
      throw new HttpError(400, BAD_LINE);
    }
    breakFold();
    return super.createMessage(line);
  }

  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    if (length == 0) {
      broken = BAD_FIELD;
    }
    inTrailers = !inHead;
    breakFold();
    return super.splitHeaderName(line, start, length);
  }
}
