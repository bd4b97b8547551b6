package doorbell.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Option;
import doorbell.Options;
import doorbell.http.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The table of docs/configuration.md, which is written from the table of options. */
class ConfigurationPageTest {
  private static final Path PAGE = Path.of("..", "docs", "configuration.md");
  private static final String BEGIN = "<!-- options:begin -->\n";
  private static final String END = "<!-- options:end -->\n";
  private static final String NONE = "–";

  /** What writes the table anew. */
  private static final String WRITE = "configuration.write";

  private static final String HOW =
      "./mvnw -pl cli -am test -Dtest=ConfigurationPageTest -D%s=true".formatted(WRITE)
          + " -Dsurefire.failIfNoSpecifiedTests=false";

  /** What is true of a default that the page has in words. */
  private static final Map<String, Predicate<Number>> WORDS =
      Map.of(
          "as many as fit into 3/8 of the heap, 512 bytes each",
          number -> number.longValue() == Memory.heap() / 8 * 3 / 512,
          "as many as fit into 5/32 of the heap",
          number -> isAbout(Memory.heap() / 32 * 5, number.longValue() * 144),
          "1/4 of the heap",
          number -> isAbout(Memory.heap() / 4, number.longValue()));

  @Test
  void thePageHasTheTableOfOptionsAsItIs() throws IOException {
    String page = Files.readString(PAGE);
    String wanted = before(page) + BEGIN + table() + END + after(page);
    if (Boolean.getBoolean(WRITE)) {
      Files.writeString(PAGE, wanted);
    } else {
      assertThat(page).as(HOW).isEqualTo(wanted);
    }
  }

  @Test
  void eachOptionHasARowWhoseDefaultIsTrue() throws IOException {
    for (Option<?> option : ServeCommand.COMMAND.options()) {
      String[] cells = row(option.name());
      String name = option.name().replace('-', '_').toUpperCase(Locale.ROOT);
      assertThat(cells[2]).isEqualTo("`DOORBELL_" + name + "`");
      String told = cells[3];
      if (option.words() == null) {
        assertThat(valueOf(option, told)).as(option.name()).isEqualTo(usual(option));
      } else {
        assertThat(told).isEqualTo(option.words());
        assertThat(WORDS.get(told)).accepts((Number) requireNonNull(usual(option)));
      }
    }
  }

  @Test
  void noCellHasANumberOfThisMachine() throws IOException {
    List<Option<?>> ofMachine =
        Options.ALL.stream().filter(option -> option.words() != null).toList();
    assertThat(ofMachine).hasSize(3);
    for (Option<?> option : ofMachine) {
      String[] cells = row(option.name());
      assertThat(cells[3] + cells[4]).doesNotContain(requireNonNull(option.fallback()));
    }
    assertThat(row("max-buffered")[4]).isEqualTo("1m and the largest heap (-Xmx)");
    assertThat(row("max-wait")[4]).isEqualTo("1s and 7d");
  }

  private static @Nullable Object usual(Option<?> option) {
    return option.fallback() == null ? null : option.parse(requireNonNull(option.fallback()));
  }

  private static @Nullable Object valueOf(Option<?> option, String cell) {
    return cell.equals(NONE)
        ? null
        : option.parse(cell.equals("empty") ? "" : cell.replace("`", ""));
  }

  private static boolean isAbout(long bytes, long others) {
    return Math.abs(bytes - others) < bytes / 10;
  }

  private static String[] row(String option) throws IOException {
    return Files.readString(PAGE)
        .lines()
        .filter(
            line ->
                line.startsWith("| `--" + option + "`") || line.startsWith("| `--" + option + " "))
        .map(line -> line.split("(?<!\\\\)\\|", -1))
        .map(cells -> Arrays.stream(cells).map(String::strip).toArray(String[]::new))
        .findFirst()
        .orElseThrow();
  }

  private static String before(String page) {
    return page.substring(0, page.indexOf(BEGIN));
  }

  private static String after(String page) {
    return page.substring(page.indexOf(END) + END.length());
  }

  private static String table() {
    return "\n| option | variable | default | between | what it does |\n|---|---|---|---|---|\n"
        + ServeCommand.COMMAND.options().stream()
            .map(ConfigurationPageTest::line)
            .collect(Collectors.joining())
        + "\n";
  }

  private static String line(Option<?> option) {
    String variable = "DOORBELL_" + option.name().replace('-', '_').toUpperCase(Locale.ROOT);
    String name = ("--" + option.name() + " " + option.label()).strip();
    String bound = option.check().text();
    return "| %s | %s | %s | %s | %s |\n"
        .formatted(
            code(name),
            code(variable),
            told(option),
            bound.isEmpty() ? NONE : bound,
            option.help().replace("|", "\\|"));
  }

  private static String told(Option<?> option) {
    String fallback = option.fallback();
    return option.words() != null
        ? option.words()
        : fallback == null ? NONE : fallback.isEmpty() ? "empty" : code(fallback);
  }

  private static String code(String text) {
    return "`" + text.replace("|", "\\|") + "`";
  }
}
