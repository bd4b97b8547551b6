package doorbell.cli;

import doorbell.client.DoorbellException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code doorbell}. Exit codes: 0 well, 1 not in time, 2 an error, told on stderr. */
@Command(
    name = "doorbell",
    description = "Event variables over HTTP: wait for one, and set it. Set is for good.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ServeCommand.class,
      WaitCommand.class,
      SetCommand.class,
      NewCommand.class,
      DemoCommand.class
    })
final class Main {
  static final int WELL = 0;
  static final int NOT_IN_TIME = 1;
  static final int ERROR = 2;

  private Main() {}

  static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    CommandLine line = new CommandLine(new Main());
    line.setUsageHelpAutoWidth(true);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler((e, given) -> misused(e));
    line.setExecutionExceptionHandler((e, command, result) -> failed(e));
    try {
      Defaults defaults = Defaults.load(args, System.getenv());
      line.getSubcommands().values().forEach(command -> command.setDefaultValueProvider(defaults));
    } catch (IllegalArgumentException e) {
      return failed(e);
    }
    return line.execute(args);
  }

  private static int misused(ParameterException e) {
    String command = e.getCommandLine().getCommandSpec().qualifiedName();
    String message =
        e instanceof UnmatchedArgumentException unmatched
            ? "there is no '" + unmatched.getUnmatched().get(0) + "' here"
            : e.getMessage();
    System.err.println("doorbell: " + message);
    System.err.println("See '" + command + " --help'.");
    return ERROR;
  }

  private static int failed(Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    System.err.println("doorbell: " + sentence(cause));
    return ERROR;
  }

  /** Our own exceptions are made to be read; of others, the kind says as much as the message. */
  private static @Nullable String sentence(Throwable cause) {
    boolean ours =
        cause instanceof IllegalArgumentException
            || cause instanceof IllegalStateException
            || cause instanceof DoorbellException
            || cause.getClass().getName().startsWith("doorbell.");
    return ours ? cause.getMessage() : cause.toString();
  }

  /** The version that the build wrote down. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties properties = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
        properties.load(Objects.requireNonNull(in, "version.properties is missing"));
      }
      return new String[] {"doorbell " + properties.getProperty("version")};
    }
  }
}
