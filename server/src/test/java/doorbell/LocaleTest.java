package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The default locale writes digits and letters of its own, which are no JSON and no HTTP. */
class LocaleTest {
  private static final Path PROJECT = Path.of(System.getProperty("basedir", ".")).resolve("..");

  /** What asks the default locale; {@code %s} and {@code %n} don't. */
  private static final Pattern FORBIDDEN =
      Pattern.compile(
          "String\\.format\\(\"|toLowerCase\\(\\)|toUpperCase\\(\\)|\\.printf\\("
              + "|NumberFormat\\.|DecimalFormat\\(|ofPattern\\(\"[^\"]*\"\\)"
              + "|%[-0-9,.+]*[dfxXegcbtS]\\W");

  @Test
  void nothingIsWrittenByTheDefaultLocale() throws IOException {
    List<String> found = new ArrayList<>();
    for (String module : List.of("server", "cli", "client", "bench")) {
      try (Stream<Path> files = Files.walk(PROJECT.resolve(module).resolve("src/main/java"))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          Files.readAllLines(file).stream()
              .filter(line -> FORBIDDEN.matcher(line).find())
              .forEach(line -> found.add(file.getFileName() + ": " + line.strip()));
        }
      }
    }
    assertThat(found).isEmpty();
    assertThat(FORBIDDEN.matcher("\"status\":%d,").find()).isTrue();
  }
}
