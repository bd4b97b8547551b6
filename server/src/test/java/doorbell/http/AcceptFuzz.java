package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/** Any header fields choose a form, and what says nothing about forms changes nothing. */
public final class AcceptFuzz {
  private AcceptFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    List<String> fields = List.of(new String(data, ISO_8859_1).split("\n", -1));
    Accept form = Accept.of(fields);
    boolean page = Accept.prefersPage(fields);
    assertThat(form).isIn(Accept.JAVASCRIPT, Accept.JSON, Accept.EVENTS);
    if (page) {
      assertThat(String.join(",", fields)).containsIgnoringCase("html");
    }
    List<String> more = new ArrayList<>(fields);
    more.addFirst("x/y;q=1, */*");
    more.addLast("*/*;q=1, application/json;q=0, text/html;q=0");
    for (List<String> same : List.of(List.of(String.join(",", fields)), more, changed(fields))) {
      assertThat(Accept.of(same)).isEqualTo(form);
      assertThat(Accept.prefersPage(same)).isEqualTo(page);
    }
  }

  /** With spaces around commas and semicolons, and letters in upper case. */
  private static List<String> changed(List<String> fields) {
    return fields.stream()
        .map(field -> field.replace(",", " ,\t").replace(";", " ; "))
        .map(field -> field.chars().map(AcceptFuzz::upper))
        .map(all -> all.collect(StringBuilder::new, StringBuilder::appendCodePoint, (a, b) -> {}))
        .map(StringBuilder::toString)
        .toList();
  }

  private static int upper(int c) {
    return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
  }
}
