package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.io.Budget;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bodies of bulk sets as text, cut into pieces wherever it hurts. */
class BulkSetBodyTest {
  private final Budget budget = new Budget(1 << 20);

  @ParameterizedTest
  @CsvSource({
    "'1', '1'",
    "'1\n', '1'",
    "'1\r\n2\r\n', '1,2'",
    "'1\n1\n007', '1,1,7'",
    "'22482\n00000000-0000-0000-0000-000000000007', '22482,7'"
  })
  void linesAreIdsHoweverTheyAreCut(String text, String ids) throws Exception {
    for (int size = 1; size <= text.length(); size++) {
      BulkSetBody body = new BulkSetBody(budget, null);
      for (int from = 0; from < text.length(); from += size) {
        add(body, text.substring(from, Math.min(text.length(), from + size)));
      }
      assertThat(body.end()).extracting(Object::toString).containsExactly(ids.split(","));
      body.release();
    }
    assertThat(budget.taken()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "'', 400, the body names no id",
    "'\n', 400, line 1",
    "'1\n\n2', 400, line 2",
    "'1\nabc\n', 400, line 2",
    "'1 a b\n', 400, line 1: a key is 1 to 128",
    "'1\n 2', 400, line 2"
  })
  void aBadLineIsNamed(String text, int status, String sentence) throws Exception {
    BulkSetBody body = new BulkSetBody(budget, null);
    add(body, text);
    assertThatThrownBy(body::end)
        .isInstanceOfSatisfying(HttpError.class, e -> assertThat(e.status).isEqualTo(status))
        .hasMessageContaining(sentence);
  }

  @Test
  void afterABadLineNoIdIsKept() throws Exception {
    BulkSetBody body = new BulkSetBody(budget, null);
    add(body, "1\n".repeat(1_000));
    assertThat(body.kept()).isEqualTo(1_000);
    add(body, "abc\n" + "1\n".repeat(1_000));
    assertThat(body.kept()).isZero();
    assertThat(budget.taken()).isZero();
  }

  private static void add(BulkSetBody body, String text) throws HttpError {
    body.add(Unpooled.copiedBuffer(text, ISO_8859_1));
  }
}
