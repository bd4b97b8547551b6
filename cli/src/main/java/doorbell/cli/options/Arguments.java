package doorbell.cli.options;

import static java.util.Objects.requireNonNull;

import doorbell.Option;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Stack;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;

/**
 * The options and the operand of a command: from the command line, as picocli reads it, from {@link
 * Defaults}, or the option's own default.
 */
public final class Arguments implements IParameterPreprocessor {
  private final Command command;
  private final Defaults defaults;
  private final CommandSpec spec;
  private final Map<String, String> said = new HashMap<>();

  public Arguments(Command command, Defaults defaults) {
    this.command = command;
    this.defaults = defaults;
    this.spec =
        CommandSpec.wrapWithoutInspection(
            (Callable<Integer>) () -> command.action().run(complete()));
    Option<String> operand = command.operand();
    if (operand != null) {
      spec.addPositional(
          PositionalParamSpec.builder()
              .index("0")
              .required(true)
              .arity("1")
              .type(String.class)
              .paramLabel(operand.label())
              .description(plain(operand.help()))
              .build());
    }
    command.options().forEach(option -> spec.addOption(row(option)));
  }

  private OptionSpec row(Option<?> option) {
    boolean flag = option.label().isEmpty();
    String fallback = option.fallback();
    boolean told = fallback != null && !fallback.isEmpty();
    return OptionSpec.builder("--" + option.name())
        .arity(flag ? "0" : "1")
        .type(flag ? boolean.class : String.class)
        .paramLabel(option.label())
        .description(plain(told ? option.help() + " Default: " + fallback : option.help()))
        .preprocessor(this)
        .build();
  }

  /** A text without what picocli would replace. */
  private static String plain(String text) {
    return text.replace("%", "%%");
  }

  /** The command as picocli knows it. */
  public CommandSpec spec() {
    return spec;
  }

  /**
   * Takes an option with its value, which may look like an option, or like the end of them: a key
   * may begin with any letter. Only another option of this command is not taken for a value.
   */
  @Override
  public boolean preprocess(
      Stack<String> words, CommandSpec unused, ArgSpec arg, Map<String, Object> info) {
    String name = ((OptionSpec) arg).longestName();
    Option<?> option = requireNonNull(option(name));
    boolean isAttached = "=".equals(info.get("separator"));
    boolean isFlag = option.label().isEmpty();
    if (isFlag && isAttached) {
      throw misuse("unknown option " + name + "=" + words.peek());
    }
    if (!isFlag && (words.isEmpty() || (!isAttached && option(words.peek()) != null))) {
      throw misuse("Missing required parameter for option '" + name + "' (" + option.label() + ")");
    }
    String value = isFlag ? "true" : words.pop();
    if (value.isEmpty() && !"".equals(option.fallback())) {
      throw misuse("option '" + name + "' is empty");
    }
    String before = said.put(option.name(), value);
    if (before != null && option.type().isList()) {
      said.put(option.name(), before + "," + value);
    } else if (before != null) {
      throw misuse("option '" + name + "' may be given once only");
    }
    return true;
  }

  /** The option that is written so; null if there is none in this command. */
  private @Nullable Option<?> option(String word) {
    for (Option<?> option : command.options()) {
      if (word.equals("--" + option.name())) {
        return option;
      }
    }
    return null;
  }

  /**
   * Reads the config file that the command line or the environment names. Comes after the command
   * line.
   *
   * @throws IllegalArgumentException if the file can't be read or names an unknown option
   */
  public Arguments complete() {
    Option<String> operand = command.operand();
    if (operand != null) {
      said.put(operand.name(), spec.positionalParameters().getFirst().getValue());
    }
    Path config = option("--" + ConfigFile.OPTION.name()) == null ? null : find(ConfigFile.OPTION);
    if (config != null) {
      defaults.read(config, command.options());
    }
    return this;
  }

  /** The value of an option that has a default, or of the operand, as it is written. */
  public String text(Option<?> option) {
    return requireNonNull(written(option), option.name());
  }

  private @Nullable String written(Option<?> option) {
    String value = said.get(option.name());
    if (value == null) {
      value = defaults.value(option.name());
    }
    return value == null ? option.fallback() : value;
  }

  /**
   * The value of an option that has a default, or of the operand.
   *
   * @throws ParameterException if it is no value of this type, or beyond its bound, with a sentence
   */
  public <T> T get(Option<T> option) {
    return requireNonNull(find(option), option.name());
  }

  /** The value of an option, within its bound; null if there is neither a value nor a default. */
  public <T> @Nullable T find(Option<T> option) {
    String text = written(option);
    if (text == null) {
      return null;
    }
    T value;
    try {
      value = option.parse(text);
    } catch (IllegalArgumentException e) {
      throw wrong(
          option, "option '--" + option.name() + "' is '" + text + "', but " + e.getMessage());
    }
    try {
      option.check().check(option.name(), value);
    } catch (IllegalArgumentException e) {
      throw wrong(option, String.valueOf(e.getMessage()));
    }
    return value;
  }

  /** An error about a value; who wrote none on the command line is told where it stands. */
  private ParameterException wrong(Option<?> option, String sentence) {
    boolean isElsewhere = isSaid(option) && !said.containsKey(option.name());
    return misuse(isElsewhere ? sentence + " (from " + origin(option) + ")" : sentence);
  }

  /** True if a flag is given. */
  public boolean isOn(Option<Boolean> flag) {
    return Boolean.TRUE.equals(find(flag));
  }

  /** The place where the value of an option comes from. */
  public String origin(Option<?> option) {
    return said.containsKey(option.name())
        ? "the command line"
        : isSaid(option) ? defaults.origin(option.name()) : "the default";
  }

  /** True if the option has a value besides the default. */
  public boolean isSaid(Option<?> option) {
    return said.containsKey(option.name()) || defaults.value(option.name()) != null;
  }

  /** An error that ends the command with {@code sentence}, and with where to find help. */
  public ParameterException misuse(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
