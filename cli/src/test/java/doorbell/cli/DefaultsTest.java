package doorbell.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.Option;
import doorbell.Options;
import doorbell.cli.check.CheckCommand;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.Defaults;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class DefaultsTest {
  private static final List<Command> COMMANDS =
      List.of(
          ServeCommand.COMMAND,
          WaitCommand.COMMAND,
          SetCommand.COMMAND,
          NewCommand.COMMAND,
          CheckCommand.COMMAND,
          DemoCommand.COMMAND);

  private static final Pattern VARIABLE = Pattern.compile("\\bDOORBELL_[A-Z][A-Z0-9_]*[A-Z0-9]\\b");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\r", "\t "})
  void anEnvironmentVariableThatIsEmptyIsAsUnset(String empty) {
    for (Command command : COMMANDS) {
      Map<String, String> environment = new HashMap<>();
      for (Option<?> option : command.options()) {
        environment.put(variable(option), empty);
      }
      Arguments given = arguments(command, environment);
      for (Option<?> option : command.options()) {
        assertThat(option.fallback() == null ? given.find(option) : given.text(option))
            .as(option.name())
            .isEqualTo(option.fallback());
        assertThat(given.isSaid(option)).isFalse();
      }
    }
  }

  @Test
  void anEmptyVariableLeavesTheLineOfTheFile() throws Exception {
    Map<String, String> environment = Map.of("DOORBELL_STORE", "", "DOORBELL_DRAIN", "3s\r");
    Arguments given = configured(environment, "store=memory\ndrain=1s\ntls-cert=\n");
    assertThat(given.get(Options.STORE)).isEqualTo("memory");
    assertThat(given.text(Options.DRAIN)).isEqualTo("3s");
    assertThat(given.find(Options.TLS_CERT)).isNull();
  }

  @Test
  void anEnvironmentVariableNamesTheFile() throws Exception {
    String file = Files.writeString(folder.resolve("file"), "store=memory").toString();
    Arguments given = arguments(ServeCommand.COMMAND, Map.of("DOORBELL_CONFIG", file));
    assertThat(given.get(Options.STORE)).isEqualTo("memory");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "store=rocksdb:/x/db ",
        "store = rocksdb:/x/db\t",
        "  store=rocksdb:/x/db\r",
        "\uFEFFstore=rocksdb:/x/db",
        "store=\"rocksdb:/x/db\"",
        "store='rocksdb:/x/db' ",
        "# a comment\n\n  # another = one\nstore=rocksdb:/x/db",
        "store=rocksdb:/x/db\u00a0",
        "store=rocksdb:/x/db\u200e",
        "store=rocksdb:/x/db\u00ad",
        "store=rocksdb:/x/db\u0085",
        "\r\nstore=rocksdb:/x/db\r\n\r\n"
      })
  void whatSurroundsAValueCountsForNothing(String text) throws Exception {
    assertThat(configured(Map.of(), text).text(Options.STORE)).isEqualTo("rocksdb:/x/db");
  }

  @ParameterizedTest
  @CsvSource({
    "store=rocksdb:/x/a=b, rocksdb:/x/a=b",
    "store=rocksdb:/x#y, rocksdb:/x#y",
    "'store=\"rocksdb:/x # y \"', 'rocksdb:/x # y '",
    "store=rocksdb:C:\\new\\u0041, rocksdb:C:\\new\\u0041",
    "store=rocksdb:/x/a b, rocksdb:/x/a b",
    "store=rocksdb:/x/bücher, rocksdb:/x/bücher"
  })
  void aValueIsTakenAsItStands(String line, String value) throws Exception {
    assertThat(configured(Map.of(), line + "\n").text(Options.STORE)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          store=rocksdb:/x/data # kept | line 1: a comment has a line of its own
          store=memory\\t#kept         | line 1: a comment has a line of its own
          store=rocksdb:/x/data ; kept | line 1: a comment has a line of its own
          store=rocksdb:/x/data // k   | line 1: a comment has a line of its own
          drain=1s;store=memory        | a time is like
          store="memory                | line 1: a value that begins with a quote ends with the same
          store="memory' # x           | line 1: a value that begins with a quote ends with the same
          store="a" "b"                | line 1: a value that begins with a quote ends with the same
          max-wait 1h                  | line 1: 'max-wait 1h' is no NAME=VALUE
          max-wait:1h                  | line 1: 'max-wait:1h' is no NAME=VALUE
          [serve]                      | line 1: '[serve]' is no NAME=VALUE
          ! comment                    | line 1: '! comment' is no NAME=VALUE
          store=rocksdb:\\             | line 1: a value doesn't go on in the next line
          drain=1s\\ndrain=2s          | line 2: 'drain' stands in line 1 too
          max_wait=1h                  | line 1: 'max_wait' is no option; did you mean 'max-wait'?
          --max-wait=1h                | line 1: '--max-wait' is no option; did you mean 'max-wait'?
          Drain=1s                     | line 1: 'Drain' is no option; did you mean 'drain'?
          idle=1m                      | line 1: 'idle' is no option; did you mean 'idle-timeout'?
          frob=1                       | line 1: 'frob' is no option; there are admin, base-path,
          config=other                 | line 1: 'config' is no option
          =1                           | line 1: '' is no option
          """)
  void whatMayBeMeantOtherwiseIsRefusedWithItsLine(String text, String sentence) {
    String lines = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\");
    assertThatRefused(() -> configured(Map.of(), lines).get(Options.DRAIN), sentence);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rocksdb:~/db",
        "rocksdb:$HOME/db",
        "rocksdb:${HOME}/db",
        "rocksdb:%h/db",
        "rocksdb: /x/db",
        "rocksdb:/x/db ",
        "rocksdb:/x/db;",
        "rocksdb:\"/x/db\"",
        "rocksdb:file:/x/db"
      })
  void aFolderThatIsHardlyNamedAsItIsMeantIsNotMade(String store) throws Exception {
    Arguments given = configured(Map.of("DOORBELL_STORE", store + "\u200e"), "");
    assertThatRefused(
        () -> parsed(ServeCommand.COMMAND, Map.of(), "--store", store).get(Options.STORE),
        "a folder is taken as it is written");
    if (!store.endsWith(" ")) {
      assertThatRefused(() -> given.get(Options.STORE), "a folder is taken as it is written");
    }
  }

  @Test
  void aFolderThatIsThereIsTakenWhateverItsName() throws Exception {
    String store = "rocksdb:" + Files.createDirectory(folder.resolve("a $b"));
    assertThat(configured(Map.of("DOORBELL_STORE", store), "").get(Options.STORE)).isEqualTo(store);
  }

  @Test
  void aFileInAnotherEncodingIsRefused() throws Exception {
    Path file = folder.resolve("file");
    for (byte[] text :
        List.of("store=memory".getBytes(UTF_16), new byte[] {'#', (byte) 0xFC, '\n'})) {
      Files.write(file, text);
      assertThatRefused(
          () -> arguments(ServeCommand.COMMAND, Map.of("DOORBELL_CONFIG", file.toString())),
          "isn't in UTF-8");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DOORBELL_MAXWAIT, DOORBELL_MAX_WAIT",
    "DOORBELL_STORES, DOORBELL_STORE",
    "DOORBELL_DRAIM, DOORBELL_DRAIN",
    "DOORBELL_REMBER, DOORBELL_REMEMBER",
    "DOORBELL_IDLE, DOORBELL_IDLE_TIMEOUT",
    "DOORBELL_BUFFERED_MAX, ",
    "DOORBELL_FROB, "
  })
  void aSettingThatIsMisspeltIsTold(String wrong, @Nullable String meant) {
    Map<String, String> environment = new HashMap<>(Map.of(wrong, "1h"));
    if (meant != null) {
      environment.put(meant, "1h");
    }
    assertThat(slips(environment, true))
        .isEqualTo(
            meant == null
                ? "doorbell: unknown setting "
                    + wrong
                    + "; it is ignored. 'doorbell serve --help' has all settings.\n"
                : "doorbell: unknown setting %s; did you mean %s? It is ignored.\n"
                    .formatted(wrong, meant));
    assertThat(slips(environment, false).isEmpty())
        .as("around a command that asks a node")
        .isEqualTo(meant == null);
  }

  @Test
  void whatOthersCallTheirVariablesIsTheirs() {
    Map<String, String> environment = new HashMap<>();
    for (String name :
        List.of(
            "PORT",
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SERVICE_PORT_HTTP",
            "PORT_8080_TCP",
            "PORT_8080_TCP_ADDR",
            "ADMIN_SERVICE_HOST",
            "ADMIN_PORT_9180_TCP_PROTO",
            "NAME",
            "ENV_PATH",
            "URL",
            "CA",
            "TRAINS")) {
      environment.put("DOORBELL_" + name, "x");
    }
    environment.put("MAXWAIT", "1h");
    assertThat(slips(environment, true)).isEmpty();
  }

  @Test
  void noVariableOfThisRepositoryIsUnknown() throws Exception {
    Map<String, String> environment = new HashMap<>();
    for (Path file : sources()) {
      Matcher variables = VARIABLE.matcher(Files.readString(file, ISO_8859_1));
      while (variables.find()) {
        environment.put(variables.group(), "x");
      }
    }
    assertThat(environment).containsKeys("DOORBELL_URL", "DOORBELL_KEY", "DOORBELL_LAUNCHER");
    assertThat(slips(environment, true)).isEmpty();
  }

  /** What users, clients, scripts and tests read; what is misspelt on purpose is here and there. */
  private static List<Path> sources() throws Exception {
    Process git =
        new ProcessBuilder(
                "git", "ls-files", "*.mjs", "*.js", "*.php", "*.py", "*.sh", "*.yml", "*.yaml")
            .directory(new File(".."))
            .start();
    List<Path> files =
        new ArrayList<>(
            git.inputReader(UTF_8).lines().map(name -> Path.of("..").resolve(name)).toList());
    for (String script : List.of("doorbell", "script/image", "script/test", "script/train")) {
      files.add(Path.of("..", script));
    }
    files.add(Path.of("..", "php", "bin", "doorbell"));
    return files;
  }

  private static String slips(Map<String, String> environment, boolean all) {
    PrintStream stderr = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, UTF_8));
    try {
      List<Option<?>> options =
          COMMANDS.stream().<Option<?>>flatMap(c -> c.options().stream()).toList();
      new Defaults(environment).tellOfSlips(options, all);
    } finally {
      System.setErr(stderr);
    }
    return err.toString(UTF_8);
  }

  @Test
  void aBadValueIsToldWithThePlaceThatItComesFrom() throws Exception {
    Arguments variable = configured(Map.of("DOORBELL_MAX_WAIT", "8d", "DOORBELL_SYNC", "x"), "");
    assertThatRefused(
        () -> variable.get(Options.MAX_WAIT),
        "max-wait is between 1s and 7d, not 8d (from DOORBELL_MAX_WAIT)");
    assertThatRefused(
        () -> variable.get(Options.SYNC),
        "option '--sync' is 'x', but it is one of [always, os] (from DOORBELL_SYNC)");
    Arguments line = configured(Map.of(), "drain=2h");
    assertThatRefused(
        () -> line.get(Options.DRAIN),
        "drain is between 0s and 1h, not 2h (from the file of --config)");
  }

  private static String variable(Option<?> option) {
    String name = option.name().replace('-', '_');
    return "DOORBELL_" + name.toUpperCase(Locale.ROOT);
  }

  private static Arguments arguments(Command command, Map<String, String> environment) {
    String[] words = command.operand() == null ? new String[0] : new String[] {"5"};
    return parsed(command, environment, words);
  }

  private Arguments configured(Map<String, String> environment, String text) throws Exception {
    Path file = Files.writeString(folder.resolve("file"), text);
    return parsed(ServeCommand.COMMAND, environment, "--config", file.toString());
  }

  private static Arguments parsed(
      Command command, Map<String, String> environment, String... words) {
    Arguments given = new Arguments(command, new Defaults(environment));
    new CommandLine(given.spec()).parseArgs(words);
    return given.complete();
  }

  private static void assertThatRefused(ThrowingCallable call, String sentence) {
    assertThatThrownBy(call)
        .isInstanceOfAny(IllegalArgumentException.class, ParameterException.class)
        .hasMessageContaining(sentence);
  }
}
