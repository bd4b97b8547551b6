package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The doctor as a command. With web servers in between: docs/test/doctor.test.mjs. */
class DoctorTest {
  private final PrintStream stdout = System.out;
  private final PrintStream stderr = System.err;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void restore() {
    System.setOut(stdout);
    System.setErr(stderr);
  }

  @Test
  void aNodeThatIsWellEndsWithZero() throws Exception {
    try (NodeProcess node = NodeProcess.serve("--store", "memory")) {
      assertThat(run("doctor", node.url().toString(), "--longest", "1s")).as("%s", out).isZero();
    }
    assertThat(out.toString(UTF_8)).contains("Nothing is wrong; 1 not tried.\n");
    assertThat(err.toString(UTF_8)).isEmpty();
    assertThat(out.toString(UTF_8).lines().filter(line -> line.startsWith("\u2713"))).hasSize(12);
  }

  /** A node may hold for less than it is asked for, and take few waits of an address. */
  @Test
  void aNodeWithShortHoldsAndFewPlacesIsWellToo() throws Exception {
    try (NodeProcess node =
        NodeProcess.serve(
            "--store", "memory", "--max-wait", "3s", "--max-waits-per-address", "7")) {
      assertThat(run("doctor", node.url().toString(), "--longest", "6s")).as("%s", out).isZero();
    }
  }

  @Test
  void aPortWhereNobodyListensEndsWithOne() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    assertThat(run("doctor", "http://127.0.0.1:" + port)).isEqualTo(1);
    assertThat(out.toString(UTF_8))
        .contains("\u2717 reached ", "port " + port + ": 127.0.0.1 refuses")
        .contains("1 wrong; 11 not tried.\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          doctor                              | Missing required parameter
          doctor bell.example                 | is no node's URL; write it as pages have it
          doctor http://b/ --longest 30       | of which unit?
          doctor http://b/ --longest 0s       | longest is between 1 s and 3600 s, not 0 s
          doctor http://b/ --ca /no/such/file | can't take a certificate from /no/such/file
          """)
  void aMistakeEndsWithTwo(String command, String sentence) {
    assertThat(run(command.split(" "))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).startsWith("doorbell: ").contains(sentence);
    assertThat(out.toString(UTF_8)).isEmpty();
  }

  @Test
  void otherCommandsLoadNoMoreThanItsName(@TempDir Path folder) throws Exception {
    Path classes = folder.resolve("classes");
    Map<String, String> logging =
        Map.of("JAVA_TOOL_OPTIONS", "-Xlog:class+load=info:file=" + classes);
    try (NodeProcess command = NodeProcess.start(logging, "new")) {
      assertThat(command.process.waitFor()).isZero();
    }
    try (Stream<String> lines = Files.lines(classes)) {
      List<String> ours =
          lines
              .filter(line -> line.contains("doorbell.cli.doctor."))
              .map(DoctorTest::name)
              .toList();
      assertThat(ours).containsOnly("doorbell.cli.doctor.DoctorCommand");
    }
  }

  private static String name(String line) {
    return line.replaceFirst(".*(doorbell\\.cli\\.doctor\\.\\S+).*", "$1")
        .replaceFirst("\\$\\$.*", "");
  }

  private int run(String... args) {
    System.setOut(new PrintStream(out, true, UTF_8));
    System.setErr(new PrintStream(err, true, UTF_8));
    return Main.run(args);
  }
}
