package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class OpenFilesTest {
  private static final int FILES = 200;
  private static final int LAST = 10;
  private static final int TIMEOUT_MILLIS = 20_000;

  @ParameterizedTest
  @ValueSource(strings = {"auto", "epoll"})
  void clientsThatTooManyFilesKeepOutAreTakenWhenOthersHaveGone(String transport) throws Exception {
    List<String> few = List.of("prlimit", "--nofile=" + FILES + ":" + FILES);
    try (NodeProcess node =
        NodeProcess.start(
            few,
            Map.of("DOORBELL_LISTEN", "127.0.0.1:0", "DOORBELL_LOOPS", "1"),
            "serve",
            "--store",
            "memory",
            "--transport",
            transport)) {
      URI url = node.url();
      List<Client> crowd = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        crowd.add(ask(url, "GET /2"));
      }
      await().until(() -> node.errors().contains("files may be open (ulimit -n)"));
      List<Client> last = crowd.subList(FILES - LAST, FILES);
      for (Client client : crowd.subList(0, FILES - LAST)) {
        client.socket.close();
      }
      assertThat(ask(url, "POST /2").status()).isEqualTo(201);
      for (Client client : last) {
        assertThat(client.status()).isEqualTo(200);
      }
      assertThat(node.errors().lines()).hasSize(1);
    }
  }

  private static Client ask(URI url, String request) throws IOException {
    Socket socket = new Socket(url.getHost(), url.getPort());
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.getOutputStream().write((request + " HTTP/1.1\r\nHost: a\r\n\r\n").getBytes(US_ASCII));
    return new Client(socket);
  }

  private record Client(Socket socket) {
    int status() throws IOException {
      String line = new String(socket.getInputStream().readNBytes(12), US_ASCII);
      return Integer.parseInt(line.substring("HTTP/1.1 ".length()));
    }
  }
}
