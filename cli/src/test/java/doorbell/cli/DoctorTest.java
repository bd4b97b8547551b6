package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The doctor as a command. With web servers in between: docs/test/doctor.test.mjs. */
class DoctorTest {
  private String out = "";
  private String err = "";

  @Test
  void aNodeThatIsWellEndsWithZero() throws Exception {
    try (NodeProcess node = NodeProcess.serve("--store", "memory")) {
      assertThat(run("doctor", node.url().toString(), "--longest", "1s")).as("%s", out).isZero();
    }
    assertThat(out).contains("Nothing is wrong; 1 not tried.\n");
    assertThat(err).isEmpty();
    assertThat(out.lines().filter(line -> line.startsWith("\u2713"))).hasSize(12);
  }

  /** A node may hold for less than it is asked for, and take few waits of an address. */
  @Test
  void aNodeWithShortHoldsAndFewPlacesIsWellToo() throws Exception {
    try (NodeProcess node =
        NodeProcess.serve(
            "--store", "memory", "--max-wait", "10s", "--max-waits-per-address", "7")) {
      assertThat(run("doctor", node.url().toString(), "--longest", "12s")).as("%s", out).isZero();
    }
  }

  @Test
  void aPortWhereNobodyListensEndsWithOne() throws Exception {
    try (Socket held = new Socket()) {
      held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      int port = held.getLocalPort();
      assertThat(run("doctor", "http://127.0.0.1:" + port)).isEqualTo(1);
      assertThat(out)
          .contains("\u2717 reached ", "port " + port + ": 127.0.0.1 refuses")
          .contains("1 wrong; 11 not tried.\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          doctor                              | Missing required parameter
          doctor bell.example                 | is no node's URL; write it as pages have it
          doctor http://b/ --longest 30       | of which unit?
          doctor http://b/ --longest 0s       | longest is between 1s and 1h, not 0s
          doctor http://b/ --ca /no/such/file | can't take a certificate from /no/such/file
          """)
  void aMistakeEndsWithTwo(String command, String sentence) throws Exception {
    assertThat(run(command.split(" "))).isEqualTo(2);
    assertThat(err).startsWith("doorbell: ").contains(sentence);
    assertThat(out).isEmpty();
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

  /** In a process of its own, since the doctor has HttpClient try nothing twice. */
  private int run(String... args) throws Exception {
    try (NodeProcess command = NodeProcess.start(Map.of("LC_ALL", "C.UTF-8"), args)) {
      out = command.out.readAllAsString();
      int code = command.process.waitFor();
      err = command.errors();
      return code;
    }
  }
}
