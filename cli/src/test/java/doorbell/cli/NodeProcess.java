package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A command of ours in a process of its own, as a user would start it. */
final class NodeProcess implements AutoCloseable {
  private static final String READY = "doorbell: listening on ";

  final Process process;
  final BufferedReader out;
  private final Path err;

  private NodeProcess(Process process, Path err) {
    this.process = process;
    this.err = err;
    this.out = process.inputReader(UTF_8);
  }

  static NodeProcess start(Map<String, String> environment, String... arguments)
      throws IOException {
    return start(List.of(), environment, arguments);
  }

  /** Under another command, which starts it. */
  static NodeProcess start(
      List<String> starter, Map<String, String> environment, String... arguments)
      throws IOException {
    return start(starter, List.of(), environment, arguments);
  }

  private static NodeProcess start(
      List<String> starter,
      List<String> flags,
      Map<String, String> environment,
      String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(starter);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
    command.add("-Djava.library.path=target/native");
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "doorbell.cli.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("DOORBELL_"));
    builder.environment().putAll(environment);
    Path err = Files.createTempFile("doorbell-test", ".err");
    builder.redirectError(err.toFile());
    return new NodeProcess(builder.start(), err);
  }

  /** A node on a free port, with more options. */
  static NodeProcess serve(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:0"));
    arguments.addAll(List.of(options));
    return start(Map.of(), arguments.toArray(String[]::new));
  }

  /** A node on a free port in a JVM with more flags. */
  static NodeProcess serve(List<String> flags, String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:0"));
    arguments.addAll(List.of(options));
    return start(List.of(), flags, Map.of(), arguments.toArray(String[]::new));
  }

  /** Where it listens, once it says so. */
  URI url() throws IOException {
    String line = requireNonNull(out.readLine(), "the node ended instead of listening");
    if (!line.startsWith(READY)) {
      throw new IllegalStateException("not the line that was expected: " + line);
    }
    return URI.create(line.substring(READY.length()));
  }

  /** What it has written to standard error. */
  String errors() throws IOException {
    return Files.readString(err);
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    process.onExit().join();
    System.err.print(errors());
    Files.delete(err);
  }
}
