package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.ConfigFile;
import doorbell.cli.run.ExitCode;
import doorbell.cli.run.Hangup;
import doorbell.cli.run.Logging;
import doorbell.cli.run.OldGenCollector;
import doorbell.cli.run.Shutdown;
import doorbell.cli.run.Supervisor;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The command that runs a node until the process is told to end. */
final class ServeCommand {
  private static final Option<Logging.Format> LOG_FORMAT =
      Option.of(
              "log-format",
              OptionType.choice("text|json", Logging.Format.values()),
              "How the log on standard error is written: text, or json for an object in each line.")
          .or("text");

  private static final Option<Boolean> PRINT_CONFIG =
      Option.of(
          "print-config",
          OptionType.FLAG,
          "Prints the value of each option and where it comes from, as a file for --config in"
              + " which defaults are comments, and runs no node.");

  private static final List<Option<?>> OPTIONS =
      Stream.concat(Options.ALL.stream(), Stream.of(LOG_FORMAT, ConfigFile.OPTION, PRINT_CONFIG))
          .toList();

  static final Command COMMAND =
      new Command(
          "serve",
          "Runs a node. Each option may also be an environment variable (DOORBELL_MAX_WAIT for"
              + " --max-wait) or a line of the --config file (max-wait=1h)."
              + " Times are like 90s, 15m, 24h or 7d.",
          null,
          OPTIONS,
          ServeCommand::run);

  private ServeCommand() {}

  private static int run(Arguments given) {
    Logging.choose(given.get(LOG_FORMAT));
    Options options = Options.defaults();
    for (Option<?> option : Options.ALL) {
      options = with(options, option, given);
    }
    boolean plain = given.find(Options.TLS_CERT) == null;
    if (plain != (given.find(Options.TLS_KEY) == null)) {
      throw given.misuse("--tls-cert and --tls-key go together: give both, or none");
    }
    if (given.isOn(PRINT_CONFIG)) {
      print(given);
      return ExitCode.WELL;
    }
    Supervisor supervisor = Supervisor.of(System.getenv());
    Doorbell node = Doorbell.start(options);
    OldGenCollector.watch(node::held);
    Duration drain = options.get(Options.DRAIN);
    Shutdown.at(() -> end(node, drain, supervisor), node.failure());
    Hangup.reloads(() -> supervisor.reload(node::reload));
    String url = NodeUrl.of(OptionType.host(given.text(Options.LISTEN)), node.address());
    String listening = "listening on " + (plain ? url : url.replaceFirst("http", "https"));
    System.out.println("doorbell: " + listening);
    supervisor.ready(listening);
    supervisor.watch(node::awaitTurn);
    return ExitCode.NONE_YET;
  }

  private static void end(Doorbell node, Duration drain, Supervisor supervisor) {
    supervisor.stop(drain);
    node.close();
  }

  private static void print(Arguments given) {
    for (Option<?> option : OPTIONS) {
      if (option != ConfigFile.OPTION && option != PRINT_CONFIG) {
        boolean hasValue = given.isSaid(option) || option.fallback() != null;
        String line = option.name() + "=" + (hasValue ? quoted(given.text(option)) : "");
        System.out.println("# " + given.origin(option));
        System.out.println(given.isSaid(option) ? line : "#" + line);
      }
    }
  }

  /** A value as a line of the file has it: what the file may take otherwise stands in quotes. */
  private static String quoted(String value) {
    char quote = value.indexOf('"') < 0 ? '"' : '\'';
    return value.matches(".*[\\s#;/\"'].*|.*\\\\") ? quote + value + quote : value;
  }

  private static <T> Options with(Options options, Option<T> option, Arguments given) {
    T value = given.find(option);
    return value == null ? options : options.with(option, value);
  }
}
