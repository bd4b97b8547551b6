package doorbell.cli;

import doorbell.client.DoorbellException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The command {@code doorbell}. Exit codes: 0 well, 1 not in time, 2 an error, told on stderr. */
final class Main {
  static final int WELL = 0;
  static final int NOT_IN_TIME = 1;
  static final int ERROR = 2;

  /** The exit code of a node that can't go on: EX_SOFTWARE of sysexits.h. */
  static final int BROKEN = 70;

  private Main() {}

  static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    Logging.choose();
    Command command = args.length == 0 ? null : command(args[0]);
    try {
      if (Arguments.asks(command, args, List.of("-h", Help.HELP.name()))) {
        System.out.print(command == null ? Help.of(commands()) : Help.of(command));
        return WELL;
      }
      if (Arguments.asks(command, args, List.of("-V", Help.VERSION.name()))) {
        System.out.println("doorbell " + version());
        return WELL;
      }
      if (command == null) {
        throw new UsageException(args.length == 0 ? "Missing required command" : unknown(args[0]));
      }
      Defaults defaults = new Defaults(System.getenv());
      defaults.tellOfSlips(commands().stream().flatMap(one -> one.options().stream()).toList());
      return command.action().run(new Arguments(command, defaults, args, 1));
    } catch (UsageException e) {
      return misused(command, e);
    } catch (Exception e) {
      return failed(e);
    }
  }

  private static @Nullable Command command(String name) {
    return switch (name) {
      case "serve" -> ServeCommand.COMMAND;
      case "wait" -> WaitCommand.COMMAND;
      case "set" -> SetCommand.COMMAND;
      case "new" -> NewCommand.COMMAND;
      case "demo" -> DemoCommand.COMMAND;
      default -> null;
    };
  }

  private static List<Command> commands() {
    return List.of(
        ServeCommand.COMMAND,
        WaitCommand.COMMAND,
        SetCommand.COMMAND,
        NewCommand.COMMAND,
        DemoCommand.COMMAND);
  }

  private static String unknown(String name) {
    String meant = Guess.of(name, commands().stream().map(Command::name).toList(), 2);
    return "unknown command '"
        + name
        + "'"
        + (meant == null ? "" : "; did you mean '" + meant + "'?");
  }

  private static int misused(@Nullable Command command, UsageException e) {
    System.err.println("doorbell: " + e.getMessage());
    System.err.println(
        "See 'doorbell " + (command == null ? "" : command.name() + " ") + "--help'.");
    return ERROR;
  }

  private static int failed(Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    System.err.println("doorbell: " + sentence(cause));
    return ERROR;
  }

  /** Our own exceptions are made to be read; of others, the kind says as much as the message. */
  static @Nullable String sentence(Throwable cause) {
    boolean ours =
        cause.getClass() == IOException.class
            || cause instanceof IllegalArgumentException
            || cause instanceof IllegalStateException
            || cause instanceof DoorbellException
            || cause.getClass().getName().startsWith("doorbell.");
    return ours ? cause.getMessage() : cause.toString();
  }

  /** The version that the build wrote down. */
  private static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
      properties.load(Objects.requireNonNull(in, "version.properties is missing"));
    }
    return properties.getProperty("version");
  }
}
