package doorbell.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What an option is when the command line doesn't say: its environment variable, then its line in
 * the {@code --config} file ({@code listen=0.0.0.0:8080}).
 */
final class Defaults {
  private static final String CONFIG = "--config";

  private final Map<String, String> environment;
  private final Properties file;

  private Defaults(Map<String, String> environment, Properties file) {
    this.environment = environment;
    this.file = file;
  }

  /**
   * Reads the file that the arguments or {@code DOORBELL_CONFIG} name, if they do.
   *
   * @throws IllegalArgumentException if it can't be read or says what no option is called
   */
  static Defaults load(String[] args, Map<String, String> environment) {
    String name = environment.get("DOORBELL_CONFIG");
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals(CONFIG) && i + 1 < args.length) {
        name = args[i + 1];
      } else if (args[i].startsWith(CONFIG + "=")) {
        name = args[i].substring(CONFIG.length() + 1);
      }
    }
    return new Defaults(environment, name == null ? new Properties() : read(Path.of(name)));
  }

  private static Properties read(Path path) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(path)) {
      properties.load(reader);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "can't read the configuration " + path + "; check its name and rights", e);
    }
    Set<String> known = new TreeSet<>();
    for (Option option : ServeCommand.COMMAND.options()) {
      known.add(bare(option.name()));
    }
    for (String key : properties.stringPropertyNames()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            path
                + " says '"
                + key
                + "', which is no option; there are "
                + String.join(", ", known));
      }
    }
    return properties;
  }

  /** Of {@code --max-wait}, say; null if neither says it. */
  @Nullable String value(String option) {
    String name = bare(option);
    String variable = "DOORBELL_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    String value = environment.get(variable);
    return value != null ? value : file.getProperty(name);
  }

  private static String bare(String option) {
    return option.startsWith("--") ? option.substring(2) : option;
  }
}
