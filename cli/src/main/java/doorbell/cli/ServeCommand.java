package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import doorbell.SetOptions;
import doorbell.StoreOptions;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.ConfigFile;
import doorbell.cli.options.Mistakes;
import doorbell.cli.run.ExitCode;
import doorbell.cli.run.Hangup;
import doorbell.cli.run.Logging;
import doorbell.cli.run.OldGenCollector;
import doorbell.cli.run.Shutdown;
import doorbell.cli.run.Supervisor;
import doorbell.http.Memory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import picocli.CommandLine.ParameterException;

/** The command that runs a node until the process is told to end. */
final class ServeCommand {
  private static final Option<Logging.Format> LOG_FORMAT =
      Option.of(
              "log-format",
              OptionType.choice("text|json", Logging.Format.values()),
              "How the log on standard error is written: text, or json for an object in each line.")
          .or("text");

  private static final Option<Level> LOG_LEVEL =
      Option.of(
              "log-level",
              OptionType.choice("LEVEL", Level.values()),
              "What the log has: error, warn, info, debug or trace, each with those before it.")
          .or("info");

  private static final Option<Boolean> PRINT_CONFIG =
      Option.of(
          "print-config",
          OptionType.FLAG,
          "Prints the value of each option and where it comes from, as a file for --config in"
              + " which defaults are comments, and runs no node.");

  private static final List<Option<?>> OPTIONS =
      Stream.concat(
              Options.ALL.stream(),
              Stream.of(LOG_FORMAT, LOG_LEVEL, ConfigFile.OPTION, PRINT_CONFIG))
          .toList();

  /** To begin a log takes as long as some answers, so the first line waits until they are out. */
  private static final long LOG_AFTER_MILLIS = 1_000;

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

  private static int run(Arguments given) throws InterruptedException {
    Logging.choose(given.get(LOG_FORMAT));
    Logging.level(given.get(LOG_LEVEL));
    Options options = options(given);
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
    Shutdown.at(() -> end(node, supervisor), node.failure());
    Hangup.reloads(() -> supervisor.reload(() -> reload(node, given)));
    List<String> urls = urls(given, Options.LISTEN, node.addresses());
    List<String> lines = new ArrayList<>();
    urls.forEach(url -> lines.add("doorbell: listening on " + url));
    urls(given, SetOptions.LISTEN, node.setAddresses())
        .forEach(url -> lines.add("doorbell: taking sets on " + url));
    System.out.println(String.join("\n", lines));
    InetSocketAddress admin = node.adminAddress();
    if (admin != null) {
      System.out.println("doorbell: dashboard on " + NodeUrl.of(given.text(Options.ADMIN), admin));
    }
    supervisor.ready("listening on " + String.join(", ", urls));
    supervisor.watch(node::awaitTurn);
    Thread.sleep(LOG_AFTER_MILLIS);
    LoggerFactory.getLogger(ServeCommand.class).info(begun(options, node, String.join(", ", urls)));
    return ExitCode.NONE_YET;
  }

  private static List<String> urls(
      Arguments given, Option<?> option, List<SocketAddress> addresses) {
    boolean plain = given.find(Options.TLS_CERT) == null;
    List<String> urls = new ArrayList<>();
    for (SocketAddress address : addresses) {
      String written = given.text(option).split(",", -1)[urls.size()].strip();
      String url = NodeUrl.of(written, address);
      urls.add(plain ? url : url.replaceFirst("^http:", "https:"));
    }
    return urls;
  }

  private static void end(Doorbell node, Supervisor supervisor) {
    supervisor.stop(node.drainTime());
    node.close();
  }

  private static Options options(Arguments given) {
    Options options = Options.defaults();
    for (Option<?> option : Options.ALL) {
      options = with(options, option, given);
    }
    return options;
  }

  /** Takes what can be taken of a changed file; a wrong file changes nothing. */
  private static synchronized void reload(Doorbell node, Arguments given) {
    Logger log = LoggerFactory.getLogger(ServeCommand.class);
    try {
      Options options = options(given.complete());
      Level level = given.get(LOG_LEVEL);
      List<String> later = node.reload(options);
      Logging.level(level);
      log.info(
          "the configuration was read again{}",
          later.isEmpty() ? "" : "; a new start is needed for " + String.join(", ", later));
    } catch (ParameterException | IllegalArgumentException e) {
      node.reload();
      String why = e instanceof ParameterException p ? Mistakes.sentence(p) : e.getMessage();
      log.error("the configuration was not taken: {}", why);
    }
  }

  /** What this node is, and what bounds it, as a reader of the log wants to know it later. */
  private static String begun(Options options, Doorbell node, String url) {
    boolean keeps = options.directory() != null;
    return "doorbell %s at %s: store %s%s, transport %s, loops %s, at most %s waits and %s clients,"
            .formatted(
                Doorbell.version(),
                url,
                StoreOptions.withoutSecrets(options.get(Options.STORE)),
                keeps ? ", sync " + options.get(Options.SYNC).name().toLowerCase(Locale.ROOT) : "",
                node.transport(),
                node.loops(),
                options.get(Options.MAX_WAITS),
                node.mostClients())
        + " heap %sm".formatted(Memory.heap() >> 20);
  }

  private static void print(Arguments given) {
    for (Option<?> option : OPTIONS) {
      if (option != ConfigFile.OPTION && option != PRINT_CONFIG) {
        boolean hasValue = given.isSaid(option) || option.fallback() != null;
        String value = hasValue ? given.text(option) : "";
        String shown = option == Options.STORE ? StoreOptions.withoutSecrets(value) : value;
        String line = option.name() + "=" + quoted(shown);
        String lack = shown.equals(value) ? "" : ", here without its user and password";
        System.out.println("# " + given.origin(option) + lack);
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
