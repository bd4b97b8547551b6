package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.fuzz.Pieces;
import doorbell.io.Budget;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;

/** The body of a bulk set has the ids of its lines however it is cut, and holds no more memory. */
public final class BulkSetBodyFuzz {
  private BulkSetBodyFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String expected = byLines(new String(data, ISO_8859_1));
    for (List<byte[]> pieces : Pieces.of(data)) {
      Budget budget = new Budget(1 << 24);
      BulkSetBody body = new BulkSetBody(budget, null);
      assertThat(read(body, budget, pieces)).isEqualTo(expected);
      body.release();
      assertThat(budget.taken()).isZero();
    }
  }

  private static String read(BulkSetBody body, Budget budget, List<byte[]> pieces) {
    try {
      for (byte[] piece : pieces) {
        body.add(Unpooled.wrappedBuffer(piece));
        assertThat(budget.taken()).isLessThanOrEqualTo(1_024 + 64L * body.kept());
      }
      return new ArrayList<>(body.end()).toString();
    } catch (HttpError e) {
      TargetFuzz.refused(e, 400, 403, 413);
      assertThat(body.kept()).isZero();
      return told(e);
    }
  }

  private static String told(HttpError e) {
    // Of a line that is too long, what is beyond the longest is not kept, and so not told apart.
    return e.status == 400 ? e.sentence().replaceFirst("(line [0-9]+).*", "$1") : e.sentence();
  }

  /** The same, as simply as can be. */
  private static String byLines(String text) {
    List<EventId> ids = new ArrayList<>();
    String[] lines = text.split("\n", -1);
    int count = lines.length - (lines[lines.length - 1].isEmpty() ? 1 : 0);
    try {
      for (int i = 0; i < count; i++) {
        String line =
            lines[i].endsWith("\r") ? lines[i].substring(0, lines[i].length() - 1) : lines[i];
        ids.add(BulkSetBody.line(line, "line " + (i + 1), null));
      }
    } catch (HttpError e) {
      return told(e);
    }
    return ids.isEmpty()
        ? told(new HttpError(400, "the body names no id; it has a line for each, ID or ID KEY"))
        : ids.toString();
  }
}
