package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Option;
import doorbell.cli.check.CheckCommand;
import doorbell.cli.doctor.DoctorCommand;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.Defaults;
import doorbell.cli.options.Mistakes;
import doorbell.cli.run.ExitCode;
import doorbell.cli.run.Logging;
import doorbell.cli.run.Shutdown;
import doorbell.client.DoorbellException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** The command {@code doorbell}: reads the command line and runs one of its commands. */
final class Main {
  private static final String NAME = "doorbell";

  private static final Command COMPLETION =
      new Command(
          "completion",
          "Prints a script that completes commands and options by Tab: source <(doorbell"
              + " completion), in bash.",
          null,
          List.of(),
          given -> {
            System.out.print(AutoComplete.bash(NAME, commandLine(command -> true)));
            return ExitCode.WELL;
          });

  private Main() {}

  static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs a command to its end; returns its {@link ExitCode}. */
  static int run(String... args) {
    Logging.choose(Logging.Format.TEXT);
    // Else picocli searches all jars for Groovy, and looks up methods for types that no option has.
    System.setProperty("picocli.disable.closures", "true");
    System.setProperty("picocli.converters.excludes", ".*");
    int code = execute(args);
    // The command line's objects are garbage by now, however long a node runs.
    return code == ExitCode.NONE_YET ? Shutdown.await() : code;
  }

  private static int execute(String... args) {
    String asked = args.length == 0 ? "" : args[0];
    return commandLine(command -> command.name().equals(asked)).execute(args);
  }

  static List<Command> commands() {
    return List.of(
        ServeCommand.COMMAND,
        WaitCommand.COMMAND,
        SetCommand.COMMAND,
        NewCommand.COMMAND,
        CheckCommand.COMMAND,
        StoreCommand.COMMAND,
        DemoCommand.COMMAND,
        DoctorCommand.COMMAND,
        COMPLETION);
  }

  /**
   * The command line, with the options of the commands that may be asked for: to make the defaults
   * of a node takes longer than a whole command that asks one. Where no command is asked for, all
   * are there, for the help and for guesses.
   */
  static CommandLine commandLine(Predicate<Command> asked) {
    Defaults defaults = new Defaults(System.getenv());
    CommandSpec root = CommandSpec.create().name(NAME);
    root.usageMessage()
        .description(
            "Event variables over HTTP: wait for one, and set it. Once set, it stays set.");
    List<Command> commands = commands();
    boolean isKnown = commands.stream().anyMatch(asked);
    for (Command command : commands) {
      if (isKnown && !asked.test(command)) {
        continue;
      }
      CommandSpec spec = isKnown ? new Arguments(command, defaults).spec() : CommandSpec.create();
      spec.name(command.name()).usageMessage().description(command.description());
      root.addSubcommand(command.name(), withHelp(spec));
    }
    return new CommandLine(withHelp(root))
        .setExpandAtFiles(false)
        .setPosixClusteredShortOptionsAllowed(false)
        .setExecutionStrategy(parsed -> execute(parsed, defaults))
        .setParameterExceptionHandler((mistake, args) -> misused(mistake))
        .setExecutionExceptionHandler((e, line, parsed) -> failed(e));
  }

  private static CommandSpec withHelp(CommandSpec spec) {
    spec.usageMessage().abbreviateSynopsis(true).sortOptions(false);
    return spec.versionProvider(() -> new String[] {NAME + " " + Doorbell.version()})
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help and exit.")
                .build())
        .addOption(
            OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version and exit.")
                .build());
  }

  private static int execute(ParseResult parsed, Defaults defaults) {
    Integer helped = CommandLine.executeHelpRequest(parsed);
    if (helped != null) {
      return helped;
    }
    boolean serves = parsed.hasSubcommand() && isOfNode(parsed.subcommand().commandSpec().name());
    List<Option<?>> options = new ArrayList<>();
    commands().forEach(one -> options.addAll(one.options()));
    defaults.tellOfSlips(options, serves);
    return new RunLast().execute(parsed);
  }

  /** True for a command whose environment is a node's, where no application sets variables. */
  private static boolean isOfNode(String command) {
    return List.of(
            ServeCommand.COMMAND.name(), CheckCommand.COMMAND.name(), StoreCommand.COMMAND.name())
        .contains(command);
  }

  private static int misused(ParameterException mistake) {
    System.err.println("doorbell: " + Mistakes.sentence(mistake));
    CommandSpec command = mistake.getCommandLine().getCommandSpec();
    System.err.println("See '" + command.qualifiedName() + " --help'.");
    return ExitCode.ERROR;
  }

  private static int failed(Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    System.err.println("doorbell: " + sentence(cause));
    return ExitCode.ERROR;
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
}
