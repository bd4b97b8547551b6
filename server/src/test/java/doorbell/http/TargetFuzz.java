package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Any request target is refused in a sentence, or what it names is the same in another writing. */
public final class TargetFuzz {
  private static final String[] ROOTS = {"", "/base"};
  private static final String[] PARAMETERS = {"timeout", "callback", "spread"};

  private TargetFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws HttpError {
    String uri = new String(data, ISO_8859_1);
    for (String root : ROOTS) {
      Target target;
      try {
        target = Target.parse(uri, root);
      } catch (HttpError e) {
        refused(e, 400, 404);
        continue;
      }
      assertThat(target.segment().length() + target.query().length())
          .isLessThanOrEqualTo(uri.length());
      assertThat(Target.parse(written(target, root), root)).isEqualTo(target);
      for (String name : PARAMETERS) {
        parameter(target, name);
      }
    }
  }

  /** An error of those that the protocol has, with a sentence for people. */
  static void refused(HttpError error, Integer... statuses) {
    assertThat(error.status).isIn((Object[]) statuses);
    assertThat(error.sentence()).isNotBlank().doesNotContain("\n", "Exception");
  }

  /** With each byte of its segment percent-encoded, so that no part is taken for a root. */
  private static String written(Target target, String root) {
    StringBuilder path = new StringBuilder(root + "/");
    for (byte next : target.segment().getBytes(UTF_8)) {
      path.append('%').append(HexFormat.of().toHexDigits(next));
    }
    return path + (target.query().isEmpty() ? "" : "?" + target.query());
  }

  private static void parameter(Target target, String name) {
    long times =
        Stream.of(target.query().split("&", -1))
            .filter(pair -> pair.split("=", 2)[0].equals(name))
            .count();
    @Nullable String value;
    try {
      value = target.parameter(name);
    } catch (HttpError e) {
      refused(e, 400);
      assertThat(times).isPositive();
      return;
    }
    assertThat(times).isLessThanOrEqualTo(1);
    assertThat(value == null).isEqualTo(times == 0);
  }
}
