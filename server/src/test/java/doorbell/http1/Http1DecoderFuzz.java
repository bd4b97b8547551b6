package doorbell.http1;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.fuzz.Pieces;
import doorbell.http.HttpLimits;
import doorbell.http.Memory;
import doorbell.io.Budget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/** Bytes of HTTP/1.1 are the same requests however they are cut, and what is kept is bounded. */
public final class Http1DecoderFuzz {
  private static final int LINE = Math.max(HttpLimits.REQUEST_LINE, HttpLimits.HEADER_FIELDS) + 2;

  private final Http1Decoder decoder = new Http1Decoder();
  private final Budget budget = new Budget(1 << 20);
  private final ByteBuf unread = Unpooled.buffer();
  private final StringBuilder said = new StringBuilder();

  /** Bytes and lines behind the last request that was whole. */
  private int bytes;

  private int lines;
  private boolean refused;

  private Http1DecoderFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String whole = null;
    for (List<byte[]> pieces : Pieces.of(data)) {
      String said = new Http1DecoderFuzz().read(pieces);
      whole = whole == null ? said : whole;
      assertThat(said).isEqualTo(whole);
    }
  }

  private String read(List<byte[]> pieces) {
    for (byte[] piece : pieces) {
      unread.discardReadBytes().writeBytes(piece);
      count(unread.slice(unread.writerIndex() - piece.length, piece.length));
      while (!refused && unread.isReadable() && decoder.decode(unread, this::take)) {
        // The pieces are taken.
      }
      if (!refused) {
        assertThat(unread.readableBytes()).isLessThanOrEqualTo(LINE);
        checkMemory();
      }
    }
    return said + (refused ? "" : " between: " + decoder.isBetweenRequests());
  }

  private void count(ByteBuf more) {
    bytes += more.readableBytes();
    more.forEachByte(
        next -> {
          lines += next == '\n' ? 1 : 0;
          return true;
        });
  }

  private void checkMemory() {
    decoder.mayWait(budget);
    assertThat(budget.taken())
        .isBetween((long) Memory.REQUEST, Memory.REQUEST + bytes + (long) Memory.FIELD * lines);
    decoder.release(budget);
    assertThat(budget.taken()).isZero();
  }

  private void take(Object piece) {
    if (piece instanceof HttpObject part && part.decoderResult().isFailure()) {
      said.append(" refused: ").append(part.decoderResult().cause().getClass().getSimpleName());
      refused = true;
      return;
    }
    if (piece instanceof HttpRequest head) {
      said.append(head.method()).append(' ').append(head.uri()).append(head.protocolVersion());
      head.headers()
          .forEach(
              field ->
                  said.append('\n').append(field.getKey()).append(':').append(field.getValue()));
      said.append("\n\n");
      refused = head.protocolVersion().majorVersion() != 1;
    }
    if (piece instanceof HttpContent content) {
      said.append(content.content().toString(ISO_8859_1));
      said.append(piece instanceof LastHttpContent ? "\nend\n" : "");
    }
    if (piece instanceof LastHttpContent) {
      bytes = 0;
      lines = 0;
      count(unread);
    }
  }
}
