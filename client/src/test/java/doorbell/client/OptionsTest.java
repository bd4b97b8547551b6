package doorbell.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
  private final Doorbell doorbell = Doorbell.at(URI.create("https://bell.example"));

  @ParameterizedTest
  @ValueSource(
      strings = {"bell.example", "ftp://bell.example", "http:///1", "http://b/?x", "http://b/#x"})
  void aNodeIsAPlainHttpUrl(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Doorbell.at(URI.create(url)))
        .withMessageContaining(url);
  }

  @Test
  void aSlashAtTheEndOfTheNodeIsNoMatter() {
    assertThat(NodeUrl.of(URI.create("http://b/x//"))).hasToString("http://b/x");
  }

  @Test
  void aClientThatFollowsRedirectsIsRefused() {
    HttpClient http = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();
    assertThatIllegalArgumentException().isThrownBy(() -> doorbell.withHttpClient(http));
    URI node = URI.create("https://bell.example");
    assertThatIllegalArgumentException().isThrownBy(() -> Doorbell.at(node, http));
  }

  @Test
  void anOptionOutsideItsBoundsIsRefusedInOneSentence() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doorbell.withHold(Duration.ofMillis(999)))
        .withMessage("The hold is from 1 s to 3600 s, not 0.999 s.");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doorbell.withPatience(Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doorbell.withSpread(Duration.ofSeconds(3601)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doorbell.wait(EventId.of(1), Duration.ofSeconds(-1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "a\nb", "ä", "a=b"})
  void aTokenHasTheLettersOfOne(String token) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> doorbell.withToken(token))
        .withMessageStartingWith("A token has letters");
    assertThat(doorbell.withToken("aZ09._~+/-==")).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({"1,1000", "2,2000", "5,16000", "6,30000", "1000000,30000"})
  void aPauseIsAnythingUpToItsLongest(int failures, long longest) {
    RetryPolicy most = new RetryPolicy(() -> 1, System::nanoTime, RetryPolicy.REAL.timer());
    RetryPolicy least = new RetryPolicy(() -> 0, System::nanoTime, RetryPolicy.REAL.timer());
    assertThat(most.backoff(failures)).isEqualTo(Duration.ofMillis(longest));
    assertThat(least.backoff(failures)).isZero();
  }
}
