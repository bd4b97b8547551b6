package doorbell.cli.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has started this process and is told how it goes, as systemd is, by the protocol of
 * sd_notify(3): a datagram for each message, to the socket that NOTIFY_SOCKET names. Where nobody
 * is to be told, nothing is done or loaded. May be called by any thread. A message that can't be
 * sent is a line in the log, the first time.
 */
public final class Supervisor {
  /** What a node may take to end beyond the drain, for the supervisor's patience. */
  private static final Duration CLOSING = Duration.ofSeconds(30);

  private final @Nullable String socket;

  /** Between two messages of a process that goes on; 0 if nobody wants them. */
  private final long millis;

  private Supervisor(@Nullable String socket, long millis) {
    this.socket = socket;
    this.millis = millis;
  }

  /** The supervisor that these variables name, or nobody. */
  public static Supervisor of(Map<String, String> environment) {
    String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    String pid = environment.getOrDefault("WATCHDOG_PID", "");
    boolean isWatched =
        micros.matches("[1-9][0-9]{0,17}")
            && (pid.isEmpty() || pid.equals(Long.toString(ProcessHandle.current().pid())));
    long half = isWatched ? TimeUnit.MICROSECONDS.toMillis(Long.parseLong(micros)) / 2 : 0;
    return socket.isEmpty()
        ? new Supervisor(null, 0)
        : new Supervisor(socket, isWatched ? Math.max(half, 1) : 0);
  }

  /** Clients are served from now on; {@code status} is for people. */
  public void ready(String status) {
    tell("READY=1\nSTATUS=" + status);
  }

  /** Tells before and after {@code reload}, which it runs. */
  public void reload(Runnable reload) {
    // The JVM's nanoTime is the system's CLOCK_MONOTONIC.
    tell("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime()));
    try {
      reload.run();
    } finally {
      tell("READY=1");
    }
  }

  /** The end begins, and takes {@code drain} and a little more. */
  public void stop(Duration drain) {
    long micros = TimeUnit.MILLISECONDS.toMicros(drain.plus(CLOSING).toMillis());
    tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + micros);
  }

  /**
   * Tells that the process goes on each time that {@code look} has returned, as long as it lives,
   * twice in the time that the supervisor waits. A look that hangs is for the supervisor to end.
   */
  public void watch(Look look) {
    if (millis > 0) {
      Thread.ofPlatform().daemon().name("doorbell-watchdog").start(() -> watchForever(look));
    }
  }

  /** Returns while the process can go on. */
  @FunctionalInterface
  public interface Look {
    void take() throws InterruptedException;
  }

  private void watchForever(Look look) {
    try {
      while (true) {
        look.take();
        tell("WATCHDOG=1");
        Thread.sleep(millis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tell(String message) {
    if (socket != null) {
      Messages.send(message, socket);
    }
  }

  /** Apart, so that it is loaded only where somebody is told. */
  private static final class Messages {
    private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
    private static volatile boolean hasFailed;

    private static void send(String message, String address) {
      try {
        if (!address.startsWith("/") && !address.startsWith("@")) {
          throw new IOException("it is neither a path nor a name that begins with @");
        }
        sendTo(address.startsWith("@") ? '\0' + address.substring(1) : address, message);
      } catch (IOException | RuntimeException | LinkageError e) {
        if (!hasFailed) {
          hasFailed = true;
          String why = e instanceof FileNotFoundException ? "no socket is there" : e.getMessage();
          LOG.warn("can't tell the supervisor at NOTIFY_SOCKET={}: {}", address, why);
        }
      }
    }

    private static void sendTo(String path, String message) throws IOException {
      Epoll.ensureAvailability(); // Of its library are the sockets; not each transport loads it.
      byte[] bytes = message.getBytes(UTF_8);
      ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).put(bytes);
      Socket from = Socket.newSocketDomainDgram();
      try {
        if (from.sendToDomainSocket(buffer, 0, bytes.length, path.getBytes(UTF_8)) == 0) {
          throw new IOException("it takes no more messages for now");
        }
      } finally {
        from.close();
      }
    }
  }
}
