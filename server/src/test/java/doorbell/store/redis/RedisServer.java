package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import doorbell.store.ServerProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A redis-server of a test's own, on a free port of the loopback, in a folder of its own. */
public final class RedisServer implements AutoCloseable {
  private static final String PROGRAM = "redis-server";

  private final Path folder;
  private final List<String> options;

  /** The servers that a Sentinel watches; null for a Redis. */
  private final @Nullable Path watched;

  private final int port;
  private @Nullable ServerProcess process;

  /** Starts one; the test is skipped where there is no Redis. */
  public RedisServer(Path folder, String... options) throws IOException {
    assumeTrue(isInstalled(), "redis-server isn't installed: script/bootstrap does that");
    this.folder = Files.createDirectories(folder);
    this.options = List.of(options);
    this.watched = null;
    this.port = ServerProcess.freePort();
    start();
  }

  /**
   * Starts a Sentinel that calls {@code master} "bells", and soon misses it.
   *
   * @param settings lines of its file, as {@code requirepass sesame}
   */
  RedisServer(Path folder, RedisServer master, String... settings) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.options = List.of();
    this.port = ServerProcess.freePort();
    this.watched =
        Files.writeString(
            folder.resolve("sentinel.conf"),
            """
            sentinel monitor bells 127.0.0.1 PORT 1
            sentinel down-after-milliseconds bells 500
            sentinel failover-timeout bells 3000
            """
                    .replace("PORT", Integer.toString(master.port))
                + String.join("\n", settings));
    start();
  }

  public static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(at -> Files.isExecutable(Path.of(at, PROGRAM)));
  }

  public void start() throws IOException {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    if (watched != null) {
      command.addAll(List.of(watched.toString(), "--sentinel"));
    }
    command.addAll(List.of("--port", "" + port, "--bind", "127.0.0.1"));
    command.addAll(List.of("--dir", folder.toString()));
    if (watched == null) {
      // What is written outlives a kill. To sync guards against a loss of power alone, and stalls.
      command.addAll(List.of("--save", "", "--appendonly", "yes", "--appendfsync", "no"));
      command.addAll(options);
    }
    process = ServerProcess.start(command, folder, this::isReady);
  }

  private boolean isReady() {
    try {
      String answer = say("PING");
      return answer.equals("+PONG") || answer.startsWith("-NOAUTH");
    } catch (IOException e) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  /** Sends a command as one line, and returns the first line of the answer. */
  public String say(String command) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(30));
      socket.getOutputStream().write((command + "\r\n").getBytes(US_ASCII));
      BufferedReader answer =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
      return String.valueOf(answer.readLine());
    }
  }

  /** Sends a signal by its name, as STOP or CONT. */
  public void signal(String name) throws IOException, InterruptedException {
    running().signal(name);
  }

  private ServerProcess running() {
    ServerProcess now = process;
    if (now == null) {
      throw new IllegalStateException("this Redis was ended");
    }
    return now;
  }

  /** Ends it as kill -9 does. */
  public void kill() {
    running();
    close();
  }

  @Override
  public void close() {
    ServerProcess ended = process;
    process = null;
    if (ended != null) {
      ended.end();
    }
  }
}
