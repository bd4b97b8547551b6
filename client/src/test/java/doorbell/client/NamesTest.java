package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static doorbell.client.FakeNode.wake;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of nodes that java.net.URI takes for no host; the system looks up all. */
class NamesTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"my_bell", "bell_1.internal_net", "-bell-", "bell.1"})
  void anyNameIsLookedUp(String name) throws Exception {
    try (FakeNode node = new FakeNode(wake("5"), answer(201, ""))) {
      String url = "http://" + name + ":" + node.uri("").getPort() + "/doorbell/";
      assertThat(command(name, "wait", url, "5")).isEqualTo("5\n");
      assertThat(command(name, "set", url, "5")).isEqualTo("first\n");
      assertThat(node.lines())
          .satisfiesExactly(
              wait -> assertThat(wait).startsWith("GET /doorbell/5?timeout="),
              set -> assertThat(set).isEqualTo("POST /doorbell/5"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://Bücher.example/x, http://xn--bcher-kva.example/x",
    "https://BÜCHER:8443, https://xn--bcher-kva:8443",
    "http://[FE80::1%25Eth_0]:8080, http://[fe80::1%Eth_0]:8080",
    "http://[fe80::1%lo], http://[fe80::1%lo]"
  })
  void aNameInAnyLettersAndAnInterfaceAreTaken(String given, String asked) {
    assertThat(NodeUrl.of(URI.create(given))).hasToString(asked);
  }

  @Test
  void aNameThatNobodyKnowsMayBeKnownLater() throws Exception {
    String url = "http://no_such_bell:8080";
    assertThat(command("my_bell", "set", url, "5"))
        .isEqualTo("Could not set 5 in 3 s: " + url + " has an unknown name.\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://user@my_bell",
        "http://user:word@bell.example",
        "http://my_bell:80800",
        "http://a,b"
      })
  void whatIsNoNameIsRefused(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Doorbell.at(URI.create(url)))
        .withMessageContaining(url);
  }

  /** Runs the client's command where that name, and no other, is known. */
  private String command(String name, String... words) throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 " + name + "\n");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djdk.net.hosts.file=" + hosts);
    command.add("-Ddoorbell.patience=3");
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Command.class.getName()));
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }
}
