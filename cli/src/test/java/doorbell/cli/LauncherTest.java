package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.LaunchedTree.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class LauncherTest {
  private static final String SOURCE = "server/src/main/java/doorbell/Doorbell.java";
  private static final String JAR = "cli/target/doorbell-cli.jar";

  @TempDir private Path folder;
  private LaunchedTree tree;

  @BeforeEach
  void plant() throws IOException {
    tree = new LaunchedTree(folder.resolve("a folder with spaces"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sh doorbell",
        "sh ./doorbell",
        "bash doorbell",
        "bash ./doorbell",
        "./doorbell",
        "sh cli/../doorbell",
        "sh link",
        "./link",
        "bash link"
      })
  void itRunsHoweverItIsStarted(String start) throws Exception {
    Files.createSymbolicLink(tree.root.resolve("link"), Path.of("cli/../doorbell"));
    List<String> words = new ArrayList<>(List.of(start.split(" ")));
    words.add("new");
    isLaunched(tree.run(Map.of(), words.toArray(String[]::new)));
  }

  @Test
  void itRunsFromThePathAndThroughALinkElsewhere() throws Exception {
    Path bin = Files.createDirectory(folder.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("ring"), tree.root.resolve("doorbell"));
    for (String start : List.of("ring new", "bash ring new")) {
      for (Path path : List.of(bin, Path.of("bin"))) {
        Map<String, String> found = Map.of("PATH", path + ":" + System.getenv("PATH"));
        ProcessBuilder builder = tree.builder(found, "sh", "-c", start);
        isLaunched(LaunchedTree.finish(builder.directory(folder.toFile())));
      }
    }
  }

  private void isLaunched(Run run) throws IOException {
    assertThat(run.code()).as(run.out()).isZero();
    assertThat(run.lines()).endsWith("doorbell.cli.Main", "new");
    Path jar = Path.of(run.lines().get(run.lines().size() - 3));
    assertThat(jar.toRealPath()).isEqualTo(tree.root.toRealPath().resolve(JAR));
  }

  @ParameterizedTest
  @CsvSource({
    "-XX:+UseZGC, UseZGC = true",
    "-XX:+UseG1GC, UseG1GC = true",
    "-XX:+UseParallelGC, UseParallelGC = true",
    "-XX:-UseSerialGC, UseSerialGC = false",
    "-XX:+UseSerialGC, UseSerialGC = true",
    "-Xmx16m, MaxHeapSize = 16777216",
    "-Xmx16384k, MaxHeapSize = 16777216",
    "-XX:MaxHeapSize=16777216, MaxHeapSize = 16777216",
    "-XX:MaxHeapSize=0x1000000, MaxHeapSize = 16777216",
    "-Xmx256m, InitialHeapSize = 25165824",
    "-Xms64m, InitialHeapSize = 67108864",
    "-XX:InitialHeapSize=16m, InitialHeapSize = 16777216",
    "-XX:MinHeapSize=64m, MinHeapSize = 67108864",
    "-Xmn64m, NewSize = 67108864",
    "-XX:NewRatio=1, NewRatio = 1",
    "-XX:MaxNewSize=3m, MaxNewSize = 3145728",
    "-XX:-TieredCompilation, TieredCompilation = false",
    "-XX:TieredStopAtLevel=2, TieredStopAtLevel = 2",
    "-XX:-UseCompactObjectHeaders, UseCompactObjectHeaders = false",
    "-XX:+UsePerfData, UsePerfData = true",
    "-Xshare:off, UseSerialGC = true",
    "-XX:SharedArchiveFile=none.jsa, UseSerialGC = true",
    "-XX:AOTCache=none.aot, UseSerialGC = true",
    "'', UseSerialGC = true"
  })
  void whatTheUserSaysToTheJvmWins(String said, String flag) throws Exception {
    tree.write("cli/target/client.aot", "");
    for (String variable : List.of("JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")) {
      Run run = tree.run(Map.of(variable, said), "./doorbell", "new");
      assertThat(run.code()).as(run.out()).isZero();
      List<String> words = run.lines();
      List<String> flags = words.subList(1, words.indexOf("-cp"));
      assertThat(finalFlags(Map.of(variable, said), flags))
          .as("%s in %s, with %s", said, variable, flags)
          .contains(" " + flag + " ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"-Dx=a  b*\"", "'-Dx=a  b*'", "-Dx=\"a  b*\"", "-Dx=a'  'b*"})
  void aFlagInQuotesIsOneWord(String quoted) throws Exception {
    Run run = tree.run(Map.of("JAVA_OPTS", quoted + " \"-XX:+UseZGC\""), "./doorbell", "new");
    assertThat(run.lines()).containsSubsequence("-Dx=a  b*", "-XX:+UseZGC", "-cp", "new");
    assertThat(run.lines()).doesNotContain("-Xmn5m");
  }

  @Test
  void aHeapInTheOldSpellingIsNoSmallerThanItBegins() throws Exception {
    Run run = tree.run(Map.of("JAVA_OPTS", "-mx16m"), "./doorbell", "new");
    assertThat(run.lines()).contains("-mx16m").doesNotContain("-Xms24m", "-Xmn5m");
  }

  @Test
  void aFolderThatJavaCannotRunFromIsTold() throws Exception {
    Path colon = Files.createDirectories(tree.root.resolve("a:b"));
    Files.copy(tree.root.resolve("doorbell"), colon.resolve("doorbell"));
    Run run = tree.run(Map.of(), "sh", "a:b/doorbell", "new");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).contains("a folder with a colon in its name");
  }

  @Test
  void aQuoteThatIsNotClosedIsTold() throws Exception {
    Run run = tree.run(Map.of("JAVA_OPTS", "-Dx=\"a b"), "./doorbell", "new");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).contains("a quote in JAVA_OPTS isn't closed");
  }

  /** As the real JVM has them, in words with one space between. */
  private String finalFlags(Map<String, String> said, List<String> flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(List.of("-XX:+PrintFlagsFinal", "-version"));
    Run run = tree.run(said, command.toArray(String[]::new));
    assertThat(run.code()).as(run.out()).isZero();
    return run.out().replaceAll("\\s+", " ");
  }

  @Test
  void aBuiltTreeIsNotBuiltAgain() throws Exception {
    launch(2);
    assertThat(tree.builds()).isZero();
  }

  @Test
  void aSourceThatChangedIsBuiltOnce() throws Exception {
    tree.age("cli/target/built", Duration.ofMinutes(-1));
    tree.age(SOURCE, Duration.ofSeconds(-1));
    launch(2);
    assertThat(tree.builds()).isEqualTo(1);
  }

  @Test
  void aSourceWithATimeToComeIsBuiltOnceAndEachTimeItChanges() throws Exception {
    tree.age(SOURCE, Duration.ofDays(3));
    launch(3);
    assertThat(tree.builds()).isEqualTo(1);
    tree.age(SOURCE, Duration.ofDays(2));
    launch(2);
    assertThat(tree.builds()).isEqualTo(2);
    tree.age("cli/target/built", Duration.ofMinutes(-1));
    tree.age("pom.xml", Duration.ofSeconds(-1));
    launch(2);
    assertThat(tree.builds()).isEqualTo(3);
  }

  @Test
  void aFolderOfSourcesWithATimeToComeIsBuiltOnce() throws Exception {
    Path source = Path.of(SOURCE);
    for (int names = source.getNameCount(); names > 1; names--) {
      tree.age(source.subpath(0, names).toString(), Duration.ofDays(3));
    }
    launch(3);
    assertThat(tree.builds()).isEqualTo(1);
  }

  @Test
  void whatWasCopiedWithoutItsTimesIsBuiltOnce() throws Exception {
    tree.age("cli/target/built", Duration.ofMinutes(-1));
    for (String source : List.of("pom.xml", "doorbell", SOURCE)) {
      tree.age(source, Duration.ofSeconds(-1));
    }
    launch(3);
    assertThat(tree.builds()).isEqualTo(1);
  }

  @Test
  void commandsThatBeginTogetherBuildOnce() throws Exception {
    tree.age(SOURCE, Duration.ofDays(3));
    List<Process> commands = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ProcessBuilder builder = tree.builder(Map.of(), "./doorbell", "new");
      commands.add(builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start());
    }
    for (Process command : commands) {
      assertThat(command.waitFor()).isZero();
    }
    assertThat(tree.builds()).isEqualTo(1);
  }

  @Test
  void whatIsPackagedOrHasNoSourcesIsNeverBuilt() throws Exception {
    tree.age(SOURCE, Duration.ofDays(3));
    Files.delete(tree.root.resolve("cli/target/built"));
    tree.write("cli/target/packaged", "");
    launch(1);
    Files.delete(tree.root.resolve("cli/target/packaged"));
    Files.delete(tree.root.resolve("pom.xml"));
    launch(1);
    assertThat(tree.builds()).isZero();
    Files.delete(tree.root.resolve(JAR));
    Run run = tree.run(Map.of(), "./doorbell", "new");
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).contains(JAR + " is missing").hasLineCount(1);
  }

  @ParameterizedTest
  @CsvSource({
    "LC_ALL, C, C.UTF-8",
    "LC_ALL, POSIX, C.UTF-8",
    "LC_CTYPE, C, C.UTF-8",
    "LANG, C, C.UTF-8",
    "LANG, '', C.UTF-8",
    "LC_ALL, de_DE.ISO-8859-1, de_DE.ISO-8859-1"
  })
  void theLocaleThatKnowsAsciiAloneIsReplaced(String variable, String value, String becomes)
      throws Exception {
    Run run = tree.run(Map.of(variable, value), "./doorbell", "new");
    assertThat(run.lines()).first().isEqualTo("LC_ALL=" + becomes);
  }

  private void launch(int times) throws Exception {
    for (int i = 0; i < times; i++) {
      isLaunched(tree.run(Map.of(), "./doorbell", "new"));
    }
  }
}
