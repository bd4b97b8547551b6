package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocaleTest {
  @ParameterizedTest
  @ValueSource(strings = {"ar -Duser.country=EG", "tr -Duser.country=TR", "hi -Duser.country=IN"})
  void aNodeAnswersAlikeInEveryLocale(String locale) throws Exception {
    Map<String, String> environment =
        Map.of(
            "JDK_JAVA_OPTIONS",
            "-Duser.language=" + locale,
            "DOORBELL_LISTEN",
            "127.0.0.1:0",
            "DOORBELL_SYNC",
            "always");
    try (NodeProcess node = NodeProcess.start(environment, "serve", "--store", "memory");
        HttpClient http = HttpClient.newHttpClient()) {
      URI url = node.url();
      assertThat(url.toString()).matches("http://127\\.0\\.0\\.1:[0-9]+");
      HttpRequest wrong = HttpRequest.newBuilder(url.resolve("/x")).build();
      assertThat(http.send(wrong, BodyHandlers.ofString()).body()).contains("\"status\":400,");
    }
  }
}
