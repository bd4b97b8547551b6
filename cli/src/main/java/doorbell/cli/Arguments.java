package doorbell.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The options and the operand of a command: from the command line, from {@link Defaults}, or the
 * option's own fallback.
 */
final class Arguments {
  private final Command command;
  private final Defaults defaults;
  private final Map<String, String> said = new HashMap<>();

  /**
   * Reads all words from {@code from} on, and the config file that the words or the environment
   * name.
   *
   * @throws UsageException if a word isn't meant for this command, or something is missing
   */
  Arguments(Command command, Defaults defaults, String[] words, int from) {
    this.command = command;
    this.defaults = defaults;
    read(words, from);
    String config = option("--config") == null ? null : find("--config");
    if (config != null) {
      defaults.read(config);
    }
  }

  private void read(String[] words, int from) {
    boolean onlyOperands = false;
    for (int i = from; i < words.length; i++) {
      String word = words[i];
      if (onlyOperands || word.length() < 2 || word.charAt(0) != '-') {
        takeOperand(word);
      } else if (word.equals("--")) {
        onlyOperands = true;
      } else {
        i += takeOption(word, i + 1 < words.length ? words[i + 1] : null);
      }
    }
    Option operand = command.operand();
    if (operand != null && !said.containsKey(operand.name())) {
      throw new UsageException("Missing required parameter: '" + operand.label() + "'");
    }
  }

  private void takeOperand(String word) {
    Option operand = command.operand();
    if (operand == null || said.containsKey(operand.name())) {
      throw new UsageException("there is no '" + word + "' here");
    }
    said.put(operand.name(), word);
  }

  /** True if a flag is among the words that are neither an option's value nor behind "--". */
  static boolean asks(@Nullable Command command, String[] words, List<String> flag) {
    for (int i = 0; i < words.length && !words[i].equals("--"); i++) {
      if (flag.contains(words[i])) {
        return true;
      }
      Option option = command == null ? null : option(command, words[i]);
      i += option == null || option.isFlag() ? 0 : 1;
    }
    return false;
  }

  /** Takes an option. Returns the number of words after {@code word} that belong to the option. */
  private int takeOption(String word, @Nullable String next) {
    int equals = word.indexOf('=');
    Option option = option(equals < 0 ? word : word.substring(0, equals));
    if (option == null || (option.isFlag() && equals >= 0)) {
      throw unknownOption(word, next);
    }
    String value = option.isFlag() ? "true" : equals < 0 ? next : word.substring(equals + 1);
    if (value == null || (equals < 0 && option(value) != null)) {
      throw new UsageException(
          "Missing required parameter for option '" + word + "' (" + option.label() + ")");
    }
    if (value.isEmpty() && !"".equals(option.fallback())) {
      throw new UsageException("option '" + option.name() + "' is empty");
    }
    if (said.put(option.name(), value) != null) {
      throw new UsageException("option '" + option.name() + "' may be given once only");
    }
    return option.isFlag() || equals >= 0 ? 0 : 1;
  }

  private @Nullable Option option(String name) {
    return option(command, name);
  }

  private static @Nullable Option option(Command command, String name) {
    for (Option option : command.options()) {
      if (option.name().equals(name)) {
        return option;
      }
    }
    return null;
  }

  private UsageException unknownOption(String word, @Nullable String next) {
    int equals = word.indexOf('=');
    String name = equals < 0 ? word : word.substring(0, equals);
    String meant = Guess.of(name, command.options().stream().map(Option::name).toList(), 2);
    String hint = meant == null ? "" : "; did you mean " + meant + "?";
    if (option("--listen") != null && List.of("--port", "-p", "--bind").contains(name)) {
      String port = equals < 0 ? next : word.substring(equals + 1);
      boolean isPort = port != null && port.matches("[0-9]{1,5}");
      hint = ": write --listen 127.0.0.1:" + (isPort ? port : "PORT");
    }
    return new UsageException("unknown option " + word + hint);
  }

  /** The value of an option that has a fallback, or of the operand. */
  String text(String name) {
    return Objects.requireNonNull(find(name), name);
  }

  /** The value of an option; null if there is neither a value nor a fallback. */
  @Nullable String find(String name) {
    String value = said.get(name);
    if (value == null) {
      value = defaults.value(name);
    }
    Option option = option(name);
    return value == null && option != null ? option.fallback() : value;
  }

  /** True if the option has a value besides the fallback. */
  boolean isSaid(String name) {
    return said.containsKey(name) || defaults.value(name) != null;
  }

  boolean has(String flag) {
    return said.containsKey(flag);
  }

  Duration time(String name) {
    return convert(name, Values::time);
  }

  InetSocketAddress address(String name) {
    return convert(name, Values::address);
  }

  int number(String name) {
    return convert(name, Values::number);
  }

  String store(String name) {
    return convert(name, Values::store);
  }

  /** The value of an option as bytes. */
  long size(String name) {
    return convert(name, Values::size);
  }

  <E extends Enum<E>> E choice(String name, E[] all) {
    String text = text(name).toUpperCase(Locale.ROOT);
    for (E one : all) {
      if (one.name().equals(text)) {
        return one;
      }
    }
    throw invalid(name, "it is one of " + Arrays.toString(all).toLowerCase(Locale.ROOT));
  }

  private <T> T convert(String name, Conversion<T> conversion) {
    try {
      return conversion.of(text(name));
    } catch (IllegalArgumentException e) {
      throw invalid(name, String.valueOf(e.getMessage()));
    }
  }

  private UsageException invalid(String name, String wanted) {
    return new UsageException("option '" + name + "' is '" + text(name) + "', but " + wanted);
  }

  private interface Conversion<T> {
    T of(String text);
  }
}
