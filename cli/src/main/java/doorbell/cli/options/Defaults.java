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

  /** Names of variables that Doorbell's other clients, scripts and tests read. */
  private static final String OF_DOORBELL =
      "URL|CA|CLIENTS|CLIENT_[A-Z]+|FRAMES|LAUNCHER|REQUIRE_BROWSER|ROOT|ROUNDS|SCREENSHOT|SEED"
          + "|SET_URL|SIGNALS_ARE_HEARD|SMALL_TOKEN|TOKEN|TRAINS";

  /** Names of variables that Kubernetes and Docker set for a service that is called doorbell. */
  private static final String OF_PLATFORMS =
      "NAME|ENV_.*|(.*_)?SERVICE_(HOST|PORT(_.*)?)"
          + "|(.*_)?PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?";

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

  /**
   * Tells of each variable of Doorbell's that is no setting, with the setting that may be meant.
   *
   * @param all tells also of those that no setting is near; otherwise they may be an application's
   */
  public void tellOfSlips(Collection<Option<?>> options, boolean all) {
    for (String name : new TreeSet<>(environment.keySet())) {
      if (name.startsWith(PREFIX) && !isOf(options, name) && !isOthers(name)) {
        tell(name, meant(name, options), all);
      }
    }
  }

  private static boolean isOf(Collection<Option<?>> options, String variable) {
    return options.stream().anyMatch(option -> variable(option.name()).equals(variable));
  }

  private static boolean isOthers(String variable) {
    String name = variable.substring(PREFIX.length());
    return name.matches(OF_DOORBELL) || name.matches(OF_PLATFORMS);
  }

  private static @Nullable String meant(String variable, Collection<Option<?>> options) {
    TreeSet<String> names = new TreeSet<>();
    options.forEach(option -> names.add(variable(option.name()).substring(PREFIX.length())));
    return Guess.of(variable.substring(PREFIX.length()), names);
  }

  private static void tell(String variable, @Nullable String meant, boolean all) {
    if (meant != null) {
      System.err.println(
          "doorbell: unknown setting %s; did you mean %s%s? It is ignored."
              .formatted(variable, PREFIX, meant));
    } else if (all) {
      System.err.println(
          "doorbell: unknown setting %s; it is ignored. 'doorbell serve --help' has all settings."
              .formatted(variable));
    }
  }

  private static String variable(String option) {
    return PREFIX + option.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
