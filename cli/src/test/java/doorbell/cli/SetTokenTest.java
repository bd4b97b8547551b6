package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that set at a node where a token is needed, each in a process of its own. */
class SetTokenTest {
  private static final String TOKEN = "a-token-that-nobody-may-see";

  private record Ended(int code, String out, String errors) {}

  private final HttpClient client = HttpClient.newHttpClient();

  @TempDir private Path folder;
  private Path tokens;
  private NodeProcess node;
  private URI url;

  @BeforeEach
  void start() throws IOException {
    tokens = Files.writeString(folder.resolve("tokens"), "shop " + TOKEN + "\n");
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-------"));
    node = NodeProcess.serve(options());
    url = node.url();
  }

  @AfterEach
  void end() throws IOException {
    node.close();
  }

  private String[] options() {
    return new String[] {
      "--store", "memory", "--set-policy", "token", "--set-token-file", tokens.toString()
    };
  }

  private static Ended run(Map<String, String> environment, String... words) throws Exception {
    try (NodeProcess command = NodeProcess.start(environment, words)) {
      String out = new String(command.process.getInputStream().readAllBytes(), UTF_8);
      return new Ended(command.process.waitFor(), out, command.errors());
    }
  }

  @Test
  void aTokenComesFromTheEnvironmentOrAFile() throws Exception {
    Map<String, String> environment = Map.of("DOORBELL_TOKEN", TOKEN);
    assertThat(run(environment, "set", url + "/5")).isEqualTo(new Ended(0, "set\n", ""));
    Path file = Files.writeString(folder.resolve("mine"), TOKEN + "\n");
    assertThat(run(Map.of(), "set", url + "/5", "--token-file", file.toString()))
        .isEqualTo(new Ended(0, "set already\n", ""));
    assertThat(run(Map.of(), "wait", url + "/5").code()).isZero();
  }

  @Test
  void aSetThatIsRefusedForItsTokenEndsAtOnceWithTheNodesSentence() throws Exception {
    Ended none = run(Map.of(), "set", url + "/5");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.errors()).contains("a set needs a token here", "(status 401)");
    Ended wrong = run(Map.of("DOORBELL_TOKEN", TOKEN + "x"), "set", url + "/5");
    assertThat(wrong.code()).isEqualTo(2);
    assertThat(wrong.errors()).contains("the token is none of those", "(status 403)");
    Ended malformed = run(Map.of("DOORBELL_TOKEN", TOKEN + " x"), "set", url + "/5");
    assertThat(malformed.errors()).contains("what DOORBELL_TOKEN has is no token");
    for (Ended ended : List.of(none, wrong, malformed)) {
      assertThat(ended.errors() + ended.out()).doesNotContain(TOKEN);
    }
  }

  @Test
  void neitherTheLogNorTheConfigurationShowsIt() throws Exception {
    run(Map.of("DOORBELL_TOKEN", TOKEN), "set", url + "/5");
    List<String> words = new ArrayList<>(List.of("serve", "--print-config"));
    words.addAll(List.of(options()));
    Ended printed = run(Map.of("DOORBELL_TOKEN", TOKEN), words.toArray(String[]::new));
    assertThat(printed.code()).isZero();
    assertThat(printed.out()).contains("set-token-file=\"" + tokens + "\"").doesNotContain(TOKEN);
    assertThat(printed.errors() + node.errors()).doesNotContain(TOKEN);
  }

  @Test
  void noLineOfTheLogHasAnIdOrAKey() throws Exception {
    String id = "271828182845904523536";
    String key = "a-key-that-nobody-may-see";
    for (String body : List.of("", id + " " + key + "\nx", "x".repeat(70_000))) {
      for (String path : List.of("/" + id, "/" + id + "x", "/")) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
        request.POST(BodyPublishers.ofString(body)).header("Authorization", "Bearer " + TOKEN);
        client.send(request.build(), BodyHandlers.discarding());
        client.send(request.GET().build(), BodyHandlers.discarding());
      }
    }
    assertThat(run(Map.of(), "wait", url + "/" + id).code()).isZero();
    await().until(() -> node.errors().contains("doorbell")); // It says later what it is.
    node.process.destroy();
    assertThat(node.process.waitFor()).isZero();
    assertThat(node.errors()).doesNotContain(id).doesNotContain(key);
  }

  @Test
  void aFileThatOthersCanReadStopsTheStart() throws Exception {
    Files.setPosixFilePermissions(tokens, PosixFilePermissions.fromString("rw-r-----"));
    List<String> words = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:0"));
    words.addAll(List.of(options()));
    Ended refused = run(Map.of(), words.toArray(String[]::new));
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.errors()).contains("chmod 600").doesNotContain(TOKEN);
  }

  @Test
  void newPrintsATokenForTheFile() throws Exception {
    String token = run(Map.of(), "new", "--set-token").out().strip();
    assertThat(token).matches("[0-9a-f]{64}");
    assertThat(run(Map.of(), "new", "--set-token").out().strip()).isNotEqualTo(token);
  }
}
