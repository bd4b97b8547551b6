package doorbell.cli;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What an option is when the command line doesn't say: its environment variable, then its line in
 * the {@code --config} file ({@code listen=0.0.0.0:8080}). An empty one is as unset.
 */
final class Defaults {
  private static final String PREFIX = "DOORBELL_";

  private final Map<String, String> environment;
  private Map<String, String> file = Map.of();

  Defaults(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * Reads that file too.
   *
   * @throws IllegalArgumentException if it can't be read or says what no option is called
   */
  void read(String name) {
    file = new ConfigFile(Path.of(name)).read();
  }

  /** Of {@code --max-wait}, say; null if neither says it. */
  @Nullable String value(String option) {
    String value = ConfigFile.strip(environment.getOrDefault(variable(option), ""));
    return value.isEmpty() ? file.get(bare(option)) : value;
  }

  /** A variable whose name is nearly that of a setting is told: nobody else has such a name. */
  void tellOfSlips(Collection<Option> options) {
    TreeSet<String> known = new TreeSet<>();
    options.forEach(option -> known.add(variable(option.name())));
    for (String name : new TreeSet<>(environment.keySet())) {
      String meant = known.contains(name) ? null : Guess.of(name, known, 1);
      if (meant != null && name.startsWith(PREFIX)) {
        System.err.println(
            "doorbell: unknown setting " + name + "; did you mean " + meant + "? It is ignored.");
      }
    }
  }

  private static String variable(String option) {
    return PREFIX + bare(option).toUpperCase(Locale.ROOT).replace('-', '_');
  }

  static String bare(String option) {
    return option.startsWith("--") ? option.substring(2) : option;
  }
}
