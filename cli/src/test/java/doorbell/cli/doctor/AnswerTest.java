package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;

class AnswerTest {
  @Test
  void aSentenceIsReadHoweverLongAndWhateverSpacesAreThere() {
    String all = "\\\"".repeat(8_000);
    assertThat(Answers.problem(503, all).problem()).isEqualTo("\"".repeat(120) + "...");
    Answer spaced =
        Answers.of(
            503, "{\n  \"detail\" :\t\"no room\"\n}", "Content-Type", "application/problem+json");
    assertThat(spaced.problem()).isEqualTo("no room");
  }

  @Test
  void aRefusalIsANodesOrOfWhoCountsRequests() {
    assertThat(Answers.problem(503, "no room").isRefusal()).isTrue();
    assertThat(Answers.problem(503, "no room").refusal()).isEqualTo("the node refuses: no room");
    assertThat(Answers.page(429, "").isRefusal()).isTrue();
    assertThat(Answers.page(429, "").refusal()).isEqualTo("status 429 came");
    assertThat(Answers.page(503, "").isRefusal()).as("a proxy without its node").isFalse();
  }

  @Test
  void anAnswerThatIsLateIsNone() {
    assertThat(Answer.failure(new SocketTimeoutException("Read timed out")))
        .isEqualTo("there is no answer");
  }
}
