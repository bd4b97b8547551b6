package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PageTest {
  private static final List<Finding> ALL =
      List.of(
          Check.NAME.well("well"),
          Check.SILENCE.cross(Trouble.CUT, "a word ".repeat(20).strip(), "a cure ".repeat(20)),
          Check.HOPS.untried("why"));

  private final Site site =
      Site.of("http://bell.example/bell", Duration.ofSeconds(60), Trust.of(null));

  @Test
  void aLineIsACheckAndNoneIsLongerThanATerminal() {
    String page = page(UTF_8);
    assertThat(page)
        .contains("\n\u2713 name       well\n", "\n\u2717 silence    a word", "\n\u2013 hops  ")
        .contains("\n             > Have it wait", "\n             > a cure")
        .contains("\n1 wrong; 1 not tried.\n", "docs/start.md has lines for nginx");
    assertThat(page.lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void aTerminalWithoutUtf8GetsWords() {
    assertThat(page(ISO_8859_1))
        .matches("\\p{ASCII}*")
        .contains("\nok  name       well\n", "\nBAD silence    a word", "\n-   hops       why\n");
  }

  @Test
  void aWebServerThatIsKnownGetsItsOwnLinesForThePath() {
    site.note(Answers.notYet("Server", "nginx/1.22.1"));
    assertThat(page(UTF_8))
        .contains("> nginx: `proxy_read_timeout 1h;`", "\n    location /bell/ {\n");
  }

  @Test
  void aWebServerWithoutLinesIsNamed() {
    site.note(Answers.notYet("Server", "cloudflare"));
    assertThat(page(UTF_8)).contains("Its name is cloudflare.");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "999, 999 ms",
    "4970, 5 s",
    "4520, 4.5 s",
    "59400, 59 s",
    "180000, 3 min",
    "7200000, 2 hours",
    "864000000, 10 days"
  })
  void aTimeIsShort(long millis, String text) {
    assertThat(Finding.time(Duration.ofMillis(millis))).isEqualTo(text);
  }

  private String page(Charset charset) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Page page = new Page(new PrintStream(out, true, charset));
    page.begin(site);
    ALL.forEach(one -> page.tell(one, site));
    page.end(ALL, site);
    return out.toString(charset);
  }
}
