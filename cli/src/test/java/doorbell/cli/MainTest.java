package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Doorbell;
import doorbell.Options;
import doorbell.client.SealedId;
import doorbell.http.Memory;
import doorbell.store.MemoryStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  private static final Set<Thread> BEFORE = pollers();

  private final PrintStream stdout = System.out;
  private final PrintStream stderr = System.err;
  private final InputStream stdin = System.in;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void restore() {
    System.setOut(stdout);
    System.setErr(stderr);
    System.setIn(stdin);
  }

  @Test
  void waitEndsWithZeroWhenSomebodySets() throws Exception {
    try (Doorbell node = node()) {
      String event = NodeUrl.of(node.address()) + "/22482";
      CompletableFuture<Integer> wait =
          CompletableFuture.supplyAsync(() -> Main.run("wait", event));
      Awaitility.await().until(() -> node.parked() == 1);
      assertThat(run("set", event)).isZero();
      assertThat(wait.get()).isZero();
      assertThat(out.toString(UTF_8)).isEqualTo("set\n");
      assertThat(run("wait", event, "--timeout", "0")).isZero();
    }
  }

  @Test
  void waitEndsWithOneWhenNobodySetsInTime() {
    try (Doorbell node = node()) {
      assertThat(run("wait", "5", "--node", NodeUrl.of(node.address()), "--timeout", "50ms"))
          .isEqualTo(1);
      assertThat(out.toString(UTF_8) + err).isEmpty();
    }
  }

  @Test
  void setSaysWhetherItWasTheFirst() {
    try (Doorbell node = node()) {
      String event = NodeUrl.of(node.address()) + "/doorbell/5";
      assertThat(run("set", event)).isZero();
      assertThat(run("set", event)).isZero();
      assertThat(out.toString(UTF_8)).isEqualTo("set\nset already\n");
    }
  }

  @Test
  void ofSeveralNodesOneThatAnswersIsAsked() {
    try (Doorbell node = node()) {
      String nodes = "http://127.0.0.1:1," + NodeUrl.of(node.address());
      assertThat(run("set", "5", "--node", nodes)).isZero();
      assertThat(run("wait", "5", "--node", nodes)).isZero();
      assertThat(out.toString(UTF_8)).isEqualTo("set\n");
    }
  }

  @Test
  void nodesThatTakeNoConnectionHaveNoMoreThanTheTimeOfOneTogether() throws Exception {
    List<Socket> queued = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1);
        ServerSocket last = new ServerSocket(0)) {
      String place = "http://127.0.0.1:" + full.getLocalPort();
      fill(full.getLocalPort(), queued);
      List<URI> nodes = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        nodes.add(URI.create(place + "/" + i));
      }
      URI taking = URI.create("http://127.0.0.1:" + last.getLocalPort());
      nodes.add(taking);
      List<URI> inOrder = inOrderInTime(nodes, Duration.ofSeconds(1));
      if (!inOrder.getFirst().equals(taking)) { // The machine stalled.
        inOrder = inOrderInTime(nodes, Duration.ofSeconds(10));
      }
      assertThat(inOrder).startsWith(taking, nodes.get(0)).hasSameSizeAs(nodes);
    } finally {
      for (Socket socket : queued) {
        socket.close();
      }
    }
  }

  private static List<URI> inOrderInTime(List<URI> nodes, Duration limit) {
    long began = System.nanoTime();
    List<URI> inOrder = EventAddress.inOrder(nodes, limit);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(limit.multipliedBy(10));
    return inOrder;
  }

  /** Connects there until the kernel drops who comes, since nobody accepts. */
  private static void fill(int port, List<Socket> queued) throws IOException {
    while (true) {
      Socket socket = new Socket();
      queued.add(socket);
      try {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
      } catch (SocketTimeoutException full) {
        return;
      }
    }
  }

  @Test
  void noThreadIsLeftThatAnExitWaitsFor() {
    try (Doorbell node = node()) {
      String event = NodeUrl.of(node.address()) + "/5";
      assertThat(run("wait", event, "--timeout", "50ms")).isEqualTo(1);
      assertThat(run("set", event)).isZero();
      assertThat(run("wait", event)).isZero();
      assertThat(run("set", event, "--key", "k")).isEqualTo(2);
    }
    assertThat(BEFORE).containsAll(pollers());
  }

  @Test
  void aSealedIdIsSetWithItsKeyAlone() {
    try (Doorbell node = node()) {
      assertThat(run("new", "--sealed")).isZero();
      String[] idAndKey = out.toString(UTF_8).trim().split(" ", 2);
      String event = NodeUrl.of(node.address()) + "/" + idAndKey[0];
      assertThat(run("set", event)).isEqualTo(2);
      assertThat(err.toString(UTF_8)).contains("sealed");
      assertThat(run("set", event, "--key", idAndKey[1])).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-V", "-h", "--version", "--help", "-", "--", "--node=x", "-k"})
  void aKeyMayBeginWithADashAndComeFromAnywhere(String key, @TempDir Path folder) throws Exception {
    try (Doorbell node = node()) {
      String event = NodeUrl.of(node.address()) + "/" + SealedId.ofKey(key).id();
      String file = Files.writeString(folder.resolve("key"), "  " + key + "\r\n").toString();
      List<List<String>> ways = new ArrayList<>();
      ways.add(List.of("--key-file", file));
      ways.add(List.of("--key-file=" + file));
      ways.add(List.of("--key", "-"));
      ways.add(List.of("--key-file", "-"));
      if (!key.equals("-")) {
        ways.add(List.of("--key", key));
        ways.add(List.of("--key=" + key));
      }
      for (List<String> way : ways) {
        System.setIn(new ByteArrayInputStream((key + "\n").getBytes(UTF_8)));
        List<String> words = new ArrayList<>(List.of("set", event));
        words.addAll(way);
        assertThat(run(words.toArray(String[]::new))).as("%s: %s", way, err).isZero();
      }
      assertThat(out.toString(UTF_8)).startsWith("set\n").doesNotContain("doorbell");
      assertThat(out.toString(UTF_8).lines()).hasSize(ways.size());
    }
  }

  @Test
  void anEmptyFileHasNoKey(@TempDir Path folder) throws Exception {
    String file = Files.writeString(folder.resolve("key"), "\n").toString();
    assertThat(run("set", "5", "--key-file", file)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).isEqualTo("doorbell: there is no key in " + file + "\n");
  }

  @Test
  void newPrintsAnotherIdEachTime() {
    assertThat(run("new")).isZero();
    String first = out.toString(UTF_8);
    assertThat(first).matches("[0-9]{30,39}\n");
    assertThat(run("new")).isZero();
    assertThat(out.toString(UTF_8)).isNotEqualTo(first + first);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          wait abc                      | a decimal number below 2^128
          wait http://127.0.0.1:1/5     | nobody answers at http://127.0.0.1:1
          set 5 --node http://127.0.0.1:1,http://[::1]:1 | 127.0.0.1:1, nobody answers at http://[
          set 5 --node http://127.0.0.1:1,HTTP://[::1]:1 | 127.0.0.1:1, nobody answers at HTTP://[
          set 5 --node http://127.0.0.1:1,ftp://x | is no node's URL
          set 5 --node http://127.0.0.1:1,,http://[::1]:1 | http://127.0.0.1:1,' is no node's URL
          set 5 --node http://127.0.0.1:1, | is no node's URL
          set http://127.0.0.1:1/x,http://127.0.0.1:1/5 | is no node's URL
          wait http://127.0.0.1:1/      | http://127.0.0.1:1/ is a node; write the id of an event
          wait http://127.0.0.1:1       | http://127.0.0.1:1 is a node; write the id of an event
          wait x:/y/5                   | is no node's URL
          wait 5 --timeout soon         | a time is like 90s
          wait 5 --timeout -1           | a time is like 90s
          wait 5 --timeout -V           | a time is like 90s
          wait 5 --timeout 30           | of which unit? Write 30s, 30m, 30h or 30d
          set                           | Missing required parameter
          set 5 --key k                 | The key is not that of 5
          set 5 6                       | there is no '6' here
          set %1$s                      | a sealed id: give its key with --key-file or --key
          set 5 --key k --key-file f    | --key and --key-file don't go together
          set 5 --key-file /no/such     | there is no file /no/such
          set 5 --key --spread          | Missing required parameter for option '--key'
          set 5 --key=                  | option '--key' is empty
          set http://127.0.0.1:1/x_y    | "x_y" is not a valid event id
          set http://no_such_bell.invalid/5 | nobody knows the name in http://no_such_bell.invalid
          set -- --key                  | a decimal number below 2^128
          new --sealed=yes              | unknown option --sealed=yes
          new --frob                    | unknown option --frob
          frob                          | unknown command 'frob'
          server                        | unknown command 'server'; did you mean 'serve'?
          serve --port 9000             | unknown option --port: write --listen 127.0.0.1:9000
          serve --port=9000             | unknown option --port=9000: write --listen 127.0.0.1:9000
          demo -p 80                    | unknown option -p: write --listen 127.0.0.1:80
          serve --max-wiat 5s           | unknown option --max-wiat; did you mean --max-wait?
          serve --remember 30           | of which unit? Write 30s, 30m, 30h or 30d
          serve --drain                 | Missing required parameter for option '--drain'
          serve --drain --sync os       | Missing required parameter for option '--drain'
          serve --drain 1s --drain=2s   | may be given once only
          serve --max-waits many        | it is a whole number
          serve --listen 127.0.0.1:x    | an address is HOST:PORT
          serve --listen here           | an address is HOST:PORT
          serve --listen ::1:8080       | an address of IPv6 is written [::1]:PORT
          serve --listen 127.0.0.1:80800 | 80800 is not a port
          serve --listen 123456         | 123456 is not a port
          serve --store disk            | the store is memory, rocksdb:DIR, redis://HOST:PORT or
          serve --store redis-cluster://a | a Redis Cluster can't be a store
          serve --store redis://a,redis://b | name 1, 3 or 5 of them
          serve --store postgresql://h  | a PostgreSQL is written postgresql://
          store                         | Missing required parameter
          store drop                    | doorbell store can init, not 'drop'
          store init --store memory     | give --store postgresql://HOST/DATABASE
          store init --store postgresql://127.0.0.1:1/d | can't be reached (connection refused)
          serve --store rocksdb:        | the store is memory, rocksdb:DIR, redis://HOST:PORT or
          serve --remember 0s           | remember is between 1s and 3650d, not 0s
          serve --max-wait 8d           | max-wait is between 1s and 7d, not 8d
          serve --max-sets 0            | max-sets is between 1 and
          serve --max-waits 0           | max-waits is between 1 and
          serve --idle 5s               | unknown option --idle; did you mean --idle-timeout?
          check --waits 0               | waits is between 1 and
          check --waits                 | Missing required parameter for option '--waits'
          check --store disk            | the store is memory, rocksdb:DIR, redis://HOST:PORT or
          check 5                       | there is no '5' here
          serve --base-path bell        | the base path is like /bell
          serve --transport tcp         | '--transport'
          serve --sync never            | '--sync'
          serve --drain 2h              | drain is between 0s and 1h, not 2h
          serve --config /no/such/file  | can't read the configuration /no/such/file
          """)
  void aMistakeIsToldInASentenceAndEndsWithTwo(String command, String sentence) {
    String sealed = "0".repeat(64);
    assertThat(run(command.replace("%1$s", sealed).split(" ", -1))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).startsWith("doorbell: ").contains(sentence);
    assertThat(err.toString(UTF_8).lines().toList()).hasSizeLessThanOrEqualTo(2);
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @Test
  void aPortInUseIsToldInASentence() {
    try (Doorbell node = node()) {
      String address = "127.0.0.1:" + node.address().getPort();
      assertThat(run("serve", "--store", "memory", "--listen", address)).isEqualTo(2);
      assertThat(err.toString(UTF_8))
          .startsWith("doorbell: can't listen on " + address + " (Address already in use)");
    }
  }

  @Test
  void theDefaultsAreThoseOfTheSpec() {
    assertThat(run("serve", "--help")).isZero();
    String help = out.toString(UTF_8).replaceAll("\\s+", " ");
    assertThat(help)
        .containsPattern("--max-wait=TIME [^-]*Default: 1h ")
        .containsPattern("--max-waits=N .*Default: " + Memory.waits() + " --max-waits-per-a")
        .containsPattern("--max-waits-per-connection=N [^-]*Default: 1000 ")
        .containsPattern("--max-sets=N .*Default: " + MemoryStore.setsThatFit() + " --max-disk=")
        .containsPattern("--store-sweep=TIME .*Default: 25s --remember")
        .containsPattern("--remember=TIME [^-]*Default: 24h ")
        .containsPattern("--head-timeout=TIME [^-]*Default: 10s ")
        .containsPattern("--idle-timeout=TIME [^-]*Default: 75s ");
    Options usual = Options.defaults();
    assertThat(usual.get(Options.MAX_WAIT)).isEqualTo(Duration.ofHours(1));
    assertThat(usual.get(Options.MAX_WAITS)).isEqualTo(Memory.waits());
    assertThat(usual.get(Options.MAX_WAITS_PER_CONNECTION)).isEqualTo(1_000);
    assertThat(usual.get(Options.HEAD_TIMEOUT)).isEqualTo(Duration.ofSeconds(10));
    assertThat(usual.get(Options.IDLE_TIMEOUT)).isEqualTo(Duration.ofSeconds(75));
    assertThat(usual.get(Options.MAX_SETS)).isEqualTo(MemoryStore.setsThatFit());
    assertThat(usual.get(Options.REMEMBER)).isEqualTo(Duration.ofHours(24));
  }

  @Test
  void checkEndsWithZeroWhereTheHostCanHoldThemAndElseWithOne(@TempDir Path folder) {
    assertThat(run("check", "--waits", "1", "--store", "rocksdb:" + folder)).as("" + out).isZero();
    assertThat(out.toString(UTF_8))
        .contains("\u2713 open files: ", "\u2713 transport: ", "\u2013 sync: ")
        .endsWith("This host can hold them.\n");
    out.reset();
    assertThat(run("check", "--waits", "2000000000")).isEqualTo(1);
    assertThat(out.toString(UTF_8))
        .contains("\u2717 heap: ", "    now:      JAVA_OPTS=-Xmx2605440m doorbell serve\n");
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @Test
  void aPrintedConfigurationHasNoPassword() {
    assertThat(run("serve", "--store", "redis://me:secret@cache", "--print-config")).isZero();
    assertThat(out.toString(UTF_8))
        .contains(
            "# the command line, here without its user and password\nstore=\"redis://cache\"\n")
        .doesNotContain("secret");
  }

  @Test
  void aConfigurationIsPrintedAsAFileThatSaysTheSame(@TempDir Path folder) throws Exception {
    Path file =
        Files.writeString(folder.resolve("file"), "drain=1s\nstore='rocksdb:/a # \"b\\\\'\n");
    String[] words = {"serve", "--config", file.toString(), "--max-wait", "2h", "--print-config"};
    assertThat(run(words)).isZero();
    String printed = out.toString(UTF_8);
    assertThat(printed)
        .contains("# the command line\nmax-wait=2h\n", "# the file of --config\ndrain=1s\n")
        .contains("# the default\n#listen=127.0.0.1:8080\n", "\nstore='rocksdb:/a # \"b\\\\'\n")
        .contains("# the default\n#tls-cert=\n");
    out.reset();
    Files.writeString(file, printed);
    assertThat(run("serve", "--config", file.toString(), "--print-config")).isZero();
    assertThat(out.toString(UTF_8).replaceAll("# .*\n", ""))
        .isEqualTo(printed.replaceAll("# .*\n", ""));
    Files.writeString(file, "print-config=false\nlisten=here\n");
    assertThat(run("serve", "--config", file.toString())).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("an address is HOST:PORT");
    Files.writeString(file, "print-config=no\n");
    assertThat(run("serve", "--config", file.toString())).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("it is true or false");
    assertThat(run("serve", "--print-config", "--max-wait", "8d")).isEqualTo(2);
  }

  @Test
  void theSqlOfAStoreIsPrintedForSomebodyElseToRun() {
    String[] init = {"store", "init", "--print", "--store-prefix", "mine", "--store"};
    assertThat(
            run(
                Stream.concat(Stream.of(init), Stream.of("postgresql://h/d"))
                    .toArray(String[]::new)))
        .isZero();
    assertThat(out.toString(UTF_8))
        .contains("CREATE TABLE IF NOT EXISTS \"public\".mine_events")
        .endsWith("COMMIT;\n")
        .doesNotContain("${");
  }

  @Test
  void aShellCompletesCommandsAndOptions(@TempDir Path folder) throws Exception {
    assertThat(run("completion")).isZero();
    Path script = Files.writeString(folder.resolve("script"), out.toString(UTF_8));
    String ask =
        "compopt() { :; }; . \"$1\"; shift; COMP_CWORD=$(($# - 1)); COMP_WORDS=(\"$@\");"
            + " _complete_doorbell; echo ${COMPREPLY[@]}";
    for (List<String> words : List.of(List.of("se"), List.of("serve", "--max-w"))) {
      List<String> command = new ArrayList<>(List.of("bash", "-c", ask, "sh"));
      command.addAll(List.of(script.toString(), "doorbell"));
      command.addAll(words);
      Process shell = new ProcessBuilder(command).redirectErrorStream(true).start();
      assertThat(new String(shell.getInputStream().readAllBytes(), UTF_8))
          .startsWith(
              words.size() == 1 ? "serve set\n" : "--max-wait --max-waits --max-waits-per-");
    }
  }

  @Test
  void helpAndVersionAreOnStandardOutput() {
    assertThat(run("--help")).isZero();
    assertThat(run("serve", "--help")).isZero();
    assertThat(run("--version")).isZero();
    assertThat(out.toString(UTF_8))
        .contains("serve", "--max-wait", "doorbell 0.")
        .doesNotContain("${");
  }

  private int run(String... args) {
    System.setOut(new PrintStream(out, true, UTF_8));
    System.setErr(new PrintStream(err, true, UTF_8));
    return Main.run(args);
  }

  /** Of HttpClients: they are in the system's poll. */
  private static Set<Thread> pollers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().contains("SelectorManager"))
        .collect(Collectors.toSet());
  }

  private static Doorbell node() {
    return Doorbell.start(
        Options.defaults()
            .with(
                Options.LISTEN, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
            .with(Options.STORE, "memory")
            .with(Options.DRAIN, Duration.ZERO));
  }
}
