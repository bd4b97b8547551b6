package doorbell.http2;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.fuzz.Pieces;
import io.netty.buffer.Unpooled;
import java.util.List;

/** The ends of frames are where their lengths say, however the bytes are cut. */
public final class FrameEndsFuzz {
  private static final int BEFORE = 6;
  private static final int HEAD = 9;
  private static final int HEADERS = 1;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;

  private FrameEndsFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    int count = 0;
    boolean inHeaders = false;
    int at = BEFORE;
    while (at < data.length) {
      count += inHeaders ? 0 : 1;
      if (at + HEAD - Integer.BYTES <= data.length
          && (data[at + 3] == HEADERS || data[at + 3] == CONTINUATION)) {
        inHeaders = (data[at + 4] & END_HEADERS) == 0;
      }
      at += HEAD + (at + HEAD <= data.length ? length(data, at) : 0);
    }
    for (List<byte[]> pieces : Pieces.of(data)) {
      FrameEnds ends = new FrameEnds(BEFORE);
      pieces.forEach(piece -> ends.follow(Unpooled.wrappedBuffer(piece)));
      assertThat(ends.count()).isEqualTo(count);
      assertThat(ends.isBetween()).isEqualTo(count > 0 && at == data.length && !inHeaders);
    }
  }

  private static int length(byte[] data, int at) {
    return Byte.toUnsignedInt(data[at]) << 16
        | Byte.toUnsignedInt(data[at + 1]) << 8
        | Byte.toUnsignedInt(data[at + 2]);
  }
}
