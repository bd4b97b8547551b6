package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several addresses, Unix sockets, and sockets that the process was started with. */
class AddressesTest {
  private static final String ASK =
      "GET /1?timeout=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  /** Starts a command with a listening socket as file 3, as systemd does. */
  private static final String WITH_SOCKET =
      """
      import os, socket, sys
      kind = socket.AF_UNIX if sys.argv[1].startswith('/') else socket.AF_INET
      listener = socket.socket(kind)
      listener.bind(sys.argv[1] if kind == socket.AF_UNIX else ('127.0.0.1', 0))
      listener.listen()
      os.dup2(listener.fileno(), 3)
      os.set_inheritable(3, True)
      os.execv(sys.argv[2], sys.argv[2:])
      """;

  @TempDir private Path folder;

  private static String ask(SocketAddress address) throws IOException {
    return say(address, ASK);
  }

  private static String say(SocketAddress address, String request) throws IOException {
    try (SocketChannel client = SocketChannel.open(address)) {
      client.write(ByteBuffer.wrap(request.getBytes(US_ASCII)));
      return heard(client);
    }
  }

  /** All that comes until the connection ends. */
  private static String heard(SocketChannel client) throws IOException {
    ByteBuffer answer = ByteBuffer.allocate(2_048);
    while (client.read(answer) >= 0) {
      assertThat(answer.hasRemaining()).isTrue();
    }
    return new String(answer.array(), 0, answer.position(), US_ASCII);
  }

  private static InetSocketAddress tcp(URI url) {
    return new InetSocketAddress(url.getHost(), url.getPort());
  }

  private static NodeProcess serve(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("serve", "--store", "memory"));
    arguments.addAll(List.of(options));
    return NodeProcess.start(Map.of(), arguments.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "epoll"})
  void aUnixSocketIsForItsOwnerAndGroupAndGoesWithTheNode(String transport) throws Exception {
    Path file = folder.resolve("bell.sock");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(file);
    try (NodeProcess node =
        serve("--transport", transport, "--listen", "unix:" + file, "--listen", "127.0.0.1:0")) {
      assertThat(node.url()).isEqualTo(URI.create("unix:" + file));
      URI second = node.url();
      assertThat(Files.getPosixFilePermissions(file))
          .isEqualTo(PosixFilePermissions.fromString("rw-rw----"));
      assertThat(ask(address)).startsWith("HTTP/1.1 204 ");
      assertThat(ask(tcp(second))).startsWith("HTTP/1.1 204 ");
      try (NodeProcess other = serve("--listen", "unix:" + file)) {
        assertThat(other.process.waitFor()).isEqualTo(2);
        assertThat(other.errors()).contains("can't listen on unix:" + file, "another program");
      }
      assertThat(ask(address)).startsWith("HTTP/1.1 204 ");
      node.process.destroy();
      assertThat(node.process.waitFor()).isZero();
      assertThat(file).doesNotExist();
    }
  }

  @Test
  void theSocketOfANodeThatWasKilledIsReplacedAndNothingElse() throws Exception {
    Path file = folder.resolve("bell.sock");
    try (NodeProcess killed = serve("--listen", "unix:" + file)) {
      killed.url();
      killed.process.destroyForcibly().waitFor();
      assertThat(file).exists();
    }
    try (NodeProcess node = serve("--listen", "unix:" + file)) {
      node.url();
      assertThat(ask(UnixDomainSocketAddress.of(file))).startsWith("HTTP/1.1 204 ");
    }
    Path letter = Files.writeString(folder.resolve("letter"), "dear");
    try (NodeProcess node = serve("--listen", "unix:" + letter)) {
      assertThat(node.process.waitFor()).isEqualTo(2);
      assertThat(node.errors()).contains("is no socket");
    }
    assertThat(letter).hasContent("dear");
    try (var left = Files.list(folder)) {
      assertThat(left).containsExactlyInAnyOrder(file, letter);
    }
  }

  @Test
  void whoComesByAUnixSocketHasNoAddressThatIsCounted() throws Exception {
    Path file = folder.resolve("bell.sock");
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(file);
    try (NodeProcess node = serve("--listen", "unix:" + file, "--max-waits-per-address", "1")) {
      node.url();
      String wait = "GET /5?timeout=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      try (SocketChannel other = SocketChannel.open(address)) {
        other.write(ByteBuffer.wrap(wait.getBytes(US_ASCII)));
        assertThat(say(address, wait)).startsWith("HTTP/1.1 204 ");
        assertThat(heard(other)).startsWith("HTTP/1.1 204 ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "epoll", "nio"})
  void severalAddressesAreListenedAt(String transport) throws Exception {
    try (NodeProcess node =
        serve("--transport", transport, "--listen", "127.0.0.1:0, localhost:0")) {
      assertThat(ask(tcp(node.url()))).startsWith("HTTP/1.1 204 ");
      URI second = node.url();
      assertThat(second.getHost()).isEqualTo("localhost");
      assertThat(ask(tcp(second))).startsWith("HTTP/1.1 204 ");
    }
  }

  @Test
  void aTakenAddressAmongSeveralIsNamed() throws Exception {
    try (NodeProcess node = serve("--listen", "127.0.0.1:0")) {
      String taken = "127.0.0.1:" + node.url().getPort();
      for (String transport : List.of("epoll", "nio")) {
        try (NodeProcess late =
            serve("--transport", transport, "--listen", "127.0.0.1:0", "--listen", taken)) {
          assertThat(late.process.waitFor()).isEqualTo(2);
          assertThat(late.errors()).contains("can't listen on " + taken);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"epoll", "auto"})
  void aSocketOfSystemdIsTakenOver(String transport) throws Exception {
    for (String at : List.of("tcp", folder.resolve(transport).toString())) {
      List<String> starter = List.of("/usr/bin/python3", "-c", WITH_SOCKET, at);
      try (NodeProcess node =
          NodeProcess.start(
              starter,
              Map.of(),
              "serve",
              "--store",
              "memory",
              "--transport",
              transport,
              "--listen",
              "fd:3")) {
        URI url = node.url();
        SocketAddress address = at.equals("tcp") ? tcp(url) : UnixDomainSocketAddress.of(at);
        for (int i = 0; i < 3; i++) {
          assertThat(ask(address)).startsWith("HTTP/1.1 204 ");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fd:33 | this file is not open, or is no socket",
        "unix:bell.sock | a Unix socket is written unix:/path, from the root on",
        "fd:1 | is unknown here",
        "127.0.0.1:0, | an address is HOST:PORT"
      })
  void anAddressThatIsNoneIsToldWithWhatToDo(String example) throws Exception {
    String[] parts = example.split(" \\| ", 2);
    try (NodeProcess node = serve("--listen", parts[0])) {
      assertThat(node.process.waitFor()).isEqualTo(2);
      assertThat(node.errors()).contains(parts[1]);
    }
    try (NodeProcess node = serve("--transport", "nio", "--listen", "unix:" + folder + "/x")) {
      assertThat(node.process.waitFor()).isEqualTo(2);
      assertThat(node.errors()).contains("listens at HOST:PORT alone", "--transport epoll");
    }
  }
}
