package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.WebServer.Trouble;
import doorbell.cli.run.Verdict;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadersTest {
  private static final String ALLOW = "Access-Control-Allow-Origin";

  @Test
  void aNodesOwnFieldsAreWell() {
    assertThat(Headers.cors(Answers.notYet()).verdict()).isEqualTo(Verdict.GOOD);
    Answer echo = Answers.of(204, "", ALLOW, Headers.ORIGIN);
    assertThat(Headers.cors(echo).verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void twoFieldsAreOneTooMany() {
    assertThat(Headers.cors(Answers.notYet(ALLOW, "*")).text()).contains("is there 2 times");
    assertThat(Headers.cors(Answers.of(204, "", ALLOW, "*, *")).text()).contains("2 times");
  }

  @ParameterizedTest
  @CsvSource({
    "Access-Control-Allow-Origin, https://other.example, allows https://other.example only",
    "X-Other, x, is lost on the way",
  })
  void anOriginThatIsNotAllowedIsTold(String field, String value, String text) {
    assertThat(Headers.cors(Answers.of(204, "", field, value)).text()).contains(text);
  }

  @Test
  void whatBlocksScriptsIsTold() {
    Answer policy = Answers.notYet("Cross-Origin-Resource-Policy", "same-origin");
    assertThat(Headers.cors(policy).text()).contains("is cross-origin, same-origin");
    Answer sniffed = Answers.notYet("X-Content-Type-Options", "nosniff");
    assertThat(Headers.cors(sniffed).trouble()).isEqualTo(Trouble.NOSNIFF);
  }

  @ParameterizedTest
  @CsvSource({
    "'Mon, 30 Nov 2026 10:00:59 GMT', GOOD, as here",
    "'Mon, 30 Nov 2026 09:59:01 GMT', GOOD, as here",
    "'Mon, 30 Nov 2026 10:03:00 GMT', BAD, 3 min ahead of this",
    "'Mon, 30 Nov 2026 08:00:00 GMT', BAD, 2 hours behind this",
    "yesterday, NEITHER, no Date",
  })
  void aClockIsWrongByMoreThanAMinute(String date, Verdict verdict, String text) {
    Finding found = Headers.clock(Answers.of(204, "", "Date", date), Duration.ZERO);
    assertThat(found.verdict()).isEqualTo(verdict);
    assertThat(found.text()).contains(text);
  }

  @Test
  void anAnswerThatTookLongHasAnOldDate() {
    Answer late = Answers.of(204, "", "Date", "Mon, 30 Nov 2026 09:58:30 GMT");
    assertThat(Headers.clock(late, Duration.ofSeconds(31)).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(Headers.clock(late, Duration.ofSeconds(20)).verdict()).isEqualTo(Verdict.BAD);
  }

  @Test
  void aCacheIsToldByWhatItSays() {
    Answer set = Answers.of(200, "doorbell(5);", "Cache-Control", "no-store");
    assertThat(Wakes.judge(Answers.notYet(), set, true).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(Wakes.judge(Answers.notYet(), Answers.notYet(), true).text()).contains("as before");
    assertThat(Wakes.judge(Answers.notYet(), Answers.notYet(), false).verdict())
        .isEqualTo(Verdict.NEITHER);
    assertThat(Wakes.judge(set, set, true).text()).contains("that nobody has set");
    assertThat(Wakes.judge(Answers.notYet("Age", "12"), set, true).text()).contains("for 12 s");
    assertThat(Wakes.judge(Answers.notYet("Age", "0"), set, true).isCross()).isFalse();
    Answer kept = Answers.of(200, "doorbell(5);", "Cache-Control", "max-age=60");
    assertThat(Wakes.judge(Answers.notYet(), kept, true).text()).contains("is max-age=60 here");
    assertThat(Wakes.judge(Answers.notYet(), Answers.of(200, ""), true).text()).contains("is lost");
  }

  @Test
  void aSetThatTheNodesPolicyRefusesIsToldAndIsNoFault() {
    Finding told = Wakes.refused(Answers.problem(401, "a set needs a token here"));
    assertThat(told.verdict()).isEqualTo(Verdict.NEITHER);
    assertThat(told.text()).contains("a set needs a token here");
    assertThat(Wakes.refused(Answers.page(403, "")).isCross()).isTrue();
  }

  @Test
  void aSetThatTheNodeHasNoRoomForIsToldByItsSentence() {
    assertThat(Wakes.refused(Answers.problem(503, "the disk is nearly full")).text())
        .contains("the disk is nearly full");
    assertThat(Wakes.refused(Answers.page(405, "")).text()).contains("answered 405");
  }
}
