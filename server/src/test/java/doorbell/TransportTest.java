package doorbell;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.io.IoLimits;
import doorbell.io.Transport;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TransportTest {
  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  /** Column "tr tm->when" of proc(5)'s /proc/net/tcp: 02 is a keep-alive timer, in 1/100 s. */
  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void theKernelLooksForDeadPeersAfterAMinute(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      Peer client = node.crowd(1, "22482").getFirst();
      await().until(() -> node.port.parked() == 1);
      String[] timer = socketOf(node, client)[5].split(":", -1);
      assertThat(timer[0]).isEqualTo("02");
      assertThat(Long.parseLong(timer[1], 16)).isBetween(4_000L, 6_000L);
    }
  }

  /** Column "tx_queue:rx_queue"; by itself the kernel takes 2 to 4 MB for who doesn't read. */
  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void theKernelKeepsLittleForWhoDoesNotRead(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      Peer client = node.connect().say("GET /doorbell.js HTTP/1.1\nHost: a\n\n".repeat(400));
      await()
          .during(Duration.ofMillis(500))
          .until(
              () -> Long.parseLong(socketOf(node, client)[4].split(":", -1)[0], 16),
              queued -> queued > 0 && queued < 4 * IoLimits.KERNEL_UNSENT);
    }
  }

  /** What is read as fast as it comes has the kernel keep more and more, up to 32 MiB. */
  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void theKernelKeepsLittleOfWhoIsNotRead(Transport transport) throws Exception {
    byte[] body = new byte[65_536];
    try (PortFixture node = new PortFixture(transport)) {
      Peer client = node.connect();
      for (int i = 0; i < 100; i++) {
        client.say("POST /1 HTTP/1.1\nHost: a\nContent-Length: 65536\n\n").send(body);
      }
      for (int i = 0; i < 100; i++) {
        client.hear();
      }
      Thread sender = Thread.ofVirtual().start(() -> sendForEver(client));
      await()
          .during(Duration.ofMillis(500))
          .until(
              () -> Long.parseLong(socketOf(node, client)[4].split(":", -1)[1], 16),
              queued -> queued > 0 && queued <= 2 * IoLimits.KERNEL_UNREAD);
      client.close();
      sender.join();
    }
  }

  /** Asks and reads no answer, so that it isn't read either. */
  private static void sendForEver(Peer client) {
    byte[] asks = "GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1_000).getBytes(US_ASCII);
    try {
      while (true) {
        client.send(asks);
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  /** The line of a client's socket at the node's end; a busy kernel may pass over it. */
  private static String[] socketOf(PortFixture node, Peer client) {
    return await().until(() -> socketsOf(node, client), list -> list.size() == 1).getFirst();
  }

  private static List<String[]> socketsOf(PortFixture node, Peer client) throws IOException {
    String port = ":%04X".formatted(node.address().getPort());
    String from = ":%04X".formatted(client.port());
    return Stream.concat(lines("/proc/net/tcp"), lines("/proc/net/tcp6"))
        .map(line -> line.trim().split("\\s+", -1))
        .filter(fields -> fields[1].endsWith(port) && fields[2].endsWith(from))
        .filter(fields -> fields[3].equals("01"))
        .toList();
  }

  @Test
  void autoIsTheBestThereIs() {
    assertThat(Transport.AUTO.resolve())
        .isEqualTo(PortFixture.transports().findFirst().orElseThrow());
    assertThat(Transport.NIO.resolve()).isEqualTo(Transport.NIO);
  }

  /** Native files may be of another version than the rest of Netty. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void nativeFilesFitTheRest() {
    Epoll.ensureAvailability();
    OpenSsl.ensureAvailability();
    assertThat(OpenSsl.versionString()).isEqualTo("BoringSSL");
    // The kernel may lack it, or forbid it.
    assertThat(IoUring.unavailabilityCause() instanceof LinkageError).isFalse();
  }

  @Test
  void itsNameIsTheOneOnTheCommandLine() {
    for (Transport transport : Transport.values()) {
      assertThat(transport).hasToString(transport.name().toLowerCase(Locale.ROOT));
    }
  }

  private static Stream<String> lines(String file) throws IOException {
    Path path = Path.of(file);
    return Files.exists(path) ? Files.readAllLines(path).stream().skip(1) : Stream.empty();
  }
}
