package doorbell.cli.options;

import doorbell.Option;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Values of options that are not on the command line: from the environment variable, then from the
 * line in the {@code --config} file ({@code listen=0.0.0.0:8080}). An empty value is as unset.
 */
public final class Defaults {
  private static final String PREFIX = "DOORBELL_";

  private final Map<String, String> environment;
  private Map<String, String> file = Map.of();

  public Defaults(Map<String, String> environment) {
    this.environment = environment;
  }

  /**
   * Reads the config file too, which may name the {@code options}.
   *
   * @throws IllegalArgumentException if the file can't be read or names an unknown option
   */
  void read(Path config, Collection<Option<?>> options) {
    file = new ConfigFile(config, options).read();
  }

  /** The value of an option by its name; null if there is none. */
  @Nullable String value(String option) {
    String value = ofEnvironment(option);
    return value.isEmpty() ? file.get(option) : value;
  }

  private String ofEnvironment(String option) {
    return ConfigFile.strip(environment.getOrDefault(variable(option), ""));
  }

  /** The place where {@link #value} was found. */
  String origin(String option) {
    return ofEnvironment(option).isEmpty() ? "the file of --config" : variable(option);
  }

  /** Tells of each variable with nearly the name of a setting: nobody else has such a name. */
  public void tellOfSlips(Collection<Option<?>> options) {
    TreeSet<String> known = new TreeSet<>();
    options.forEach(option -> known.add(variable(option.name())));
    for (String name : new TreeSet<>(environment.keySet())) {
      String meant =
          !name.startsWith(PREFIX) || known.contains(name) ? null : Guess.of(name, known, 1);
      if (meant != null) {
        System.err.println(
            "doorbell: unknown setting " + name + "; did you mean " + meant + "? It is ignored.");
      }
    }
  }

  private static String variable(String option) {
    return PREFIX + option.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
