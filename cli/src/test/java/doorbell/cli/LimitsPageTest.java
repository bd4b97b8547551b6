package doorbell.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Option;
import doorbell.Options;
import doorbell.http.HttpLimits;
import doorbell.io.IoLimits;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/limits.md has each limit of the code, with its number. */
class LimitsPageTest {
  private static final Path PAGE = Path.of("..", "docs", "limits.md");

  /** Options that are limits and aren't named max-something. */
  private static final Set<String> OTHERS =
      Set.of("remember", "head-timeout", "idle-timeout", "shutdown-delay", "drain");

  @Test
  void eachOptionThatIsALimitHasItsDefaultAndItsBound() throws IOException {
    Map<String, List<String>> rows = rows();
    List<Option<?>> limits =
        Options.ALL.stream()
            .filter(option -> option.name().startsWith("max-") || OTHERS.contains(option.name()))
            .toList();
    assertThat(limits).hasSizeGreaterThan(12);
    for (Option<?> option : limits) {
      List<String> row = taken(rows, "--" + option.name());
      String usual = option.words() == null ? "`" + option.fallback() + "`" : option.words();
      assertThat(row.get(1)).as(option.name()).isEqualTo(usual);
      String bound = option.check().text();
      assertThat(row.get(2)).as(option.name()).isEqualTo(bound.isEmpty() ? row.get(2) : bound);
      assertThat(row.subList(3, 5)).as(option.name()).noneMatch(String::isEmpty);
    }
    assertThat(rows.keySet()).noneMatch(name -> name.startsWith("`--"));
  }

  @Test
  void eachFixedLimitHasItsNumber() throws Exception {
    Map<String, List<String>> rows = rows();
    rows.keySet().removeIf(name -> name.startsWith("`--") || !name.startsWith("`"));
    for (Field limit : fields()) {
      List<String> row = taken(rows, limit.getName());
      assertThat(row.get(1))
          .as(limit.getName())
          .isEqualTo(String.format(Locale.ROOT, "%,d", limit.getInt(null)));
      assertThat(row.get(2)).as(limit.getName()).isNotEmpty();
    }
    assertThat(rows.keySet()).isEmpty();
  }

  private static List<String> taken(Map<String, List<String>> rows, String name) {
    return requireNonNull(rows.remove("`" + name + "`"), name);
  }

  private static List<Field> fields() {
    List<Field> fields = new ArrayList<>();
    for (Class<?> limits : List.of(HttpLimits.class, IoLimits.class)) {
      Stream.of(limits.getDeclaredFields())
          .filter(field -> Modifier.isPublic(field.getModifiers()))
          .forEach(fields::add);
    }
    assertThat(fields).hasSizeGreaterThan(30);
    return fields;
  }

  /** The cells of each row, by the first of them. */
  private static Map<String, List<String>> rows() throws IOException {
    Map<String, List<String>> rows = new HashMap<>();
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("| `")) {
        List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
        rows.put(cells.get(1), cells.subList(1, cells.size() - 1));
      }
    }
    return rows;
  }
}
