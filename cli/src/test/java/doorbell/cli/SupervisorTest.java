package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.cli.run.Supervisor;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node tells the supervisor that started it, at a socket as systemd has one. */
class SupervisorTest {
  @TempDir private Path folder;

  /** The variables of the watchdog are another process's here. */
  @ParameterizedTest
  @CsvSource({"auto, /", "epoll, @", "nio, /"})
  void aNodeTellsWhenItAnswersReloadsAndEnds(String transport, String kind) throws Exception {
    String name = kind.equals("@") ? "@doorbell-" + folder.getFileName() : at("notify");
    try (Listener systemd = new Listener(name);
        NodeProcess node =
            NodeProcess.start(
                Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "2000", "WATCHDOG_PID", "1"),
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--store",
                "memory",
                "--transport",
                transport,
                "--drain",
                "2s")) {
      URI url = node.url();
      assertThat(systemd.hear()).isEqualTo("READY=1\nSTATUS=listening on " + url);
      connect(url);
      long before = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
      signal(node, "HUP");
      String reloading = systemd.hear();
      assertThat(reloading).startsWith("RELOADING=1\nMONOTONIC_USEC=");
      assertThat(Long.parseLong(reloading.substring(reloading.lastIndexOf('=') + 1)))
          .isBetween(before, TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
      assertThat(systemd.hear()).isEqualTo("READY=1");
      node.process.destroy();
      assertThat(systemd.hear()).isEqualTo("STOPPING=1\nEXTEND_TIMEOUT_USEC=32000000");
      assertThat(node.process.waitFor()).isZero();
      assertThat(faults(node)).isEmpty();
    }
  }

  @Test
  void aNodeThatGoesOnSaysSoAgainAndAgain() throws Exception {
    String name = at("notify");
    Map<String, String> watched = Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "20000");
    try (Listener systemd = new Listener(name);
        NodeProcess node =
            NodeProcess.start(watched, "serve", "--listen", "127.0.0.1:0", "--store", "memory")) {
      node.url();
      assertThat(systemd.hear()).startsWith("READY=1");
      for (int i = 0; i < 3; i++) {
        assertThat(systemd.hear()).isEqualTo("WATCHDOG=1");
      }
    }
  }

  @Test
  void whoseLookHangsSaysNothing() throws Exception {
    String name = at("notify");
    String pid = Long.toString(ProcessHandle.current().pid());
    Semaphore looks = new Semaphore(0);
    Semaphore mayReturn = new Semaphore(0);
    try (Listener systemd = new Listener(name)) {
      Supervisor.of(Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "2000", "WATCHDOG_PID", pid))
          .watch(
              () -> {
                looks.release();
                mayReturn.acquire();
              });
      looks.acquire();
      assertThat(systemd.next()).isNull();
      mayReturn.release();
      assertThat(systemd.hear()).isEqualTo("WATCHDOG=1");
      looks.acquire();
      assertThat(systemd.next()).isNull();
    }
  }

  @ParameterizedTest
  @CsvSource({"/nonexistent/notify, no socket is there", "vsock:2:1, neither a path nor a name"})
  void aSocketThatIsntThereIsOneLineAndTheNodeGoesOn(String name, String reason) throws Exception {
    Map<String, String> wrong = Map.of("NOTIFY_SOCKET", name, "WATCHDOG_USEC", "2000");
    try (NodeProcess node =
        NodeProcess.start(
            wrong, "serve", "--listen", "127.0.0.1:0", "--store", "memory", "--drain", "0s")) {
      URI url = node.url();
      await().atMost(Duration.ofMinutes(1)).until(() -> !faults(node).isEmpty());
      connect(url);
      node.process.destroy();
      assertThat(node.process.waitFor()).isZero();
      assertThat(faults(node))
          .singleElement()
          .asString()
          .contains("WARN", "can't tell the supervisor at NOTIFY_SOCKET=" + name, reason);
    }
  }

  @Test
  void whereNobodyIsToldNothingIsLoadedForIt() throws Exception {
    Path classes = folder.resolve("classes");
    List<String> flags = List.of("-Xlog:class+load:file=" + classes);
    try (NodeProcess node = NodeProcess.serve(flags, "--store", "memory", "--drain", "0s")) {
      node.url();
      signal(node, "HUP");
      node.process.destroy();
      assertThat(node.process.waitFor()).isZero();
    }
    assertThat(Files.readString(classes))
        .contains("doorbell.cli.run.Supervisor ")
        .doesNotContain("doorbell.cli.run.Supervisor$Messages");
  }

  /** The whole lines of its log, but for what goes well. */
  private static List<String> faults(NodeProcess node) throws IOException {
    String errors = node.errors();
    return errors
        .substring(0, errors.lastIndexOf('\n') + 1)
        .lines()
        .filter(line -> !line.contains(" INFO "))
        .toList();
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private static void connect(URI url) throws IOException {
    new java.net.Socket(url.getHost(), url.getPort()).close();
  }

  private static void signal(NodeProcess node, String name) throws Exception {
    String pid = Long.toString(node.process.pid());
    assertThat(new ProcessBuilder("kill", "-" + name, pid).start().waitFor()).isZero();
  }

  /** The supervisor's socket. */
  private static final class Listener implements AutoCloseable {
    private static final int MOST_BYTES = 1_000;

    private final Socket socket;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MOST_BYTES);

    Listener(String name) throws IOException {
      Epoll.ensureAvailability();
      socket = Socket.newSocketDomainDgram();
      socket.bind(new DomainSocketAddress(name.replaceFirst("^@", "\0")));
    }

    /** The next message, once it is there. */
    String hear() {
      return requireNonNull(
          await().atMost(Duration.ofMinutes(1)).until(this::next, next -> next != null));
    }

    /** The next message, if it is there. */
    @Nullable String next() throws IOException {
      int length = socket.read(buffer.clear(), 0, MOST_BYTES);
      if (length <= 0) {
        return null;
      }
      byte[] message = new byte[length];
      buffer.get(0, message);
      return new String(message, UTF_8);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
