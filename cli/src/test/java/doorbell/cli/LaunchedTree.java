package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A folder with the launcher, as a built clone has it, on a JDK that prints what it is told, and
 * Maven that counts. Where REAL is set, that JDK runs the command.
 */
final class LaunchedTree {
  private static final Path LAUNCHER = Path.of("..", "doorbell");
  private static final Set<String> CLEARED =
      Set.of("LANG", "JAVA_HOME", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS");

  private static final String JAVA =
      """
      #!/bin/sh
      if [ -z "${REAL:-}" ]; then
        printf '%s\\n' "LC_ALL=${LC_ALL-}" "$@"
        exit
      fi
      while [ "$1" != doorbell.cli.Main ]; do shift; done
      exec "$REAL" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED \\
        -Djava.library.path="$NATIVE" -cp "$CLASSES" "$@"
      """;

  /** As packaging does, it ends with the time of the build. */
  private static final String MAVEN =
      """
      #!/bin/sh
      echo build >>builds
      touch cli/target/doorbell-cli.jar cli/target/built
      """;

  /** A run of the launcher. */
  record Run(int code, String out) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  final Path root;

  LaunchedTree(Path root) throws IOException {
    this.root = root;
    write("doorbell", Files.readString(LAUNCHER));
    write("mvnw", MAVEN);
    write("jdk/bin/java", JAVA);
    write("jdk/release", "JAVA_VERSION=\"25.0.1\"\n");
    for (String source : List.of("pom.xml", "server/src/main/java/doorbell/Doorbell.java")) {
      write(source, "");
      age(source, Duration.ofHours(-1));
    }
    write("cli/target/jdk", root.resolve("jdk") + "\n");
    write("cli/target/doorbell-cli.jar", "");
    write("cli/target/built", "");
    age("doorbell", Duration.ofHours(-1));
  }

  void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  void age(String name, Duration later) throws IOException {
    Files.setLastModifiedTime(root.resolve(name), FileTime.from(Instant.now().plus(later)));
  }

  /** How often it was built. */
  int builds() throws IOException {
    Path builds = root.resolve("builds");
    return Files.exists(builds) ? Files.readAllLines(builds).size() : 0;
  }

  /** The environment in which the JDK runs the command. */
  static Map<String, String> real() {
    return Map.of(
        "REAL",
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "NATIVE",
        Path.of("target", "native").toAbsolutePath().toString(),
        "CLASSES",
        System.getProperty("java.class.path"));
  }

  ProcessBuilder builder(Map<String, String> environment, String... words) {
    List<String> command = new ArrayList<>(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).directory(root.toFile());
    builder
        .environment()
        .keySet()
        .removeIf(
            name ->
                CLEARED.contains(name) || name.startsWith("LC_") || name.startsWith("DOORBELL_"));
    builder.environment().putAll(environment);
    return builder;
  }

  Run run(Map<String, String> environment, String... words) throws Exception {
    return finish(builder(environment, words));
  }

  static Run finish(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Run(process.waitFor(), out);
  }
}
