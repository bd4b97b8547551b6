package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.run.Columns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Whatever a server answers, the doctor says something about it that a terminal can show. The input
 * is a line for each field, an empty line and the body.
 */
public final class AnswerFuzz {
  private static final int LONGEST = 123;

  private AnswerFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    String[] parts = new String(data, UTF_8).split("\n\n", 2);
    List<String> fields = new ArrayList<>();
    for (String line : parts[0].split("\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.add(line.substring(0, colon).strip());
        fields.add(line.substring(colon + 1).strip());
      }
    }
    String body = parts.length > 1 ? parts[1] : "";
    Answer answer;
    try {
      answer = Answers.of(data.length % 2 == 0 ? 204 : 503, body, fields.toArray(String[]::new));
    } catch (IllegalArgumentException e) {
      return; // Names that the JDK's client would not have taken.
    }
    shown(answer.problem());
    for (int i = 0; i < fields.size(); i += 2) {
      shown(answer.field(fields.get(i)));
      answer.values(fields.get(i)).forEach(AnswerFuzz::shown);
    }
    assertThat(answer.isFull() && answer.isNotYet()).isFalse();
    WebServer.of(answer);
    Headers.cors(answer);
    Headers.clock(answer, Duration.ofSeconds(1));
    for (String head : List.of("", "  > ")) {
      List<String> lines = Columns.hanging(head, body);
      assertThat(lines)
          .allMatch(line -> line.length() <= 80 || line.indexOf(' ', head.length()) < 0);
      String all = lines.stream().map(line -> line.substring(head.length())).collect(joining());
      assertThat(all.replace(" ", "")).isEqualTo(body.replace(" ", ""));
    }
  }

  private static void shown(String text) {
    assertThat(text).hasSizeLessThanOrEqualTo(LONGEST).matches("[ -~]*");
  }
}
