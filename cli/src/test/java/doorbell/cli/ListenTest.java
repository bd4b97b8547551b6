package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListenTest {
  @BeforeEach
  void needIpv6() {
    Assumptions.assumeTrue(Files.exists(Path.of("/proc/net/if_inet6")), "IPv6 in the kernel");
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0:0, http://0.0.0.0:, true, false",
    "[::]:0, http://[::]:, true, true",
    ":0, http://[::]:, true, true",
    "0, http://127.0.0.1:, true, false",
    "[::1]:0, http://[::1]:, false, true",
    "localhost:0, http://localhost:, true, false"
  })
  void whatIsGivenIsListenedAtAndPrinted(
      String given, String printed, boolean takesIpv4, boolean takesIpv6) throws Exception {
    for (String transport : new String[] {"auto", "epoll", "nio"}) {
      Map<String, String> where = Map.of("DOORBELL_LISTEN", given);
      try (NodeProcess node =
          NodeProcess.start(where, "serve", "--store", "memory", "--transport", transport)) {
        URI url = node.url();
        assertThat(url.toString()).startsWith(printed);
        answers("127.0.0.1", url.getPort(), takesIpv4);
        answers("::1", url.getPort(), takesIpv6);
      }
    }
  }

  private static void answers(String host, int port, boolean takes) throws Exception {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (!takes) {
      assertThatExceptionOfType(ConnectException.class)
          .isThrownBy(() -> new Socket(host, port).close());
      return;
    }
    try (Socket socket = new Socket(address.getAddress(), port)) {
      String question = "GET /1?timeout=0 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(question.getBytes(US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
          .startsWith("HTTP/1.1 204 ");
    }
  }
}
