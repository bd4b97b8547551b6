package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.doctor.Silence.End;
import doorbell.cli.doctor.Silence.Wait;
import doorbell.cli.doctor.WebServer.Trouble;
import doorbell.cli.run.Verdict;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {
  @Test
  void holdsFallInEqualStepsFromJustBelowARoundNumber() {
    Site site = Site.of("http://bell.example", Duration.ofSeconds(80), Trust.of(null));
    assertThat(Silence.longest(site)).isEqualTo(Duration.ofMillis(79_200));
    List<Duration> holds = Silence.holds(Silence.longest(site));
    assertThat(holds).hasSize(8).first().isEqualTo(Duration.ofMillis(79_200));
    assertThat(holds.getLast()).isEqualTo(Duration.ofMillis(9_900));
    assertThat(Silence.holds(Duration.ofSeconds(1))).allMatch(Duration::isPositive);
  }

  @Test
  void allWaitsThatAreAnsweredAreWell() {
    Finding found = Silence.judge(List.of(answered(8, 8), answered(4, 4), answered(2, 2)));
    assertThat(found.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(found.text()).isEqualTo("a wait was silent for 8 s and got its answer");
  }

  @Test
  void anAnswerThatIsLateIsAnAnswer() {
    assertThat(Silence.judge(List.of(answered(8, 60), answered(2, 59))).text())
        .contains("silent for 8 s");
  }

  @Test
  void aNodeThatHoldsForLessThanItIsAskedIsWell() {
    Finding found = Silence.judge(List.of(answered(8, 3), answered(4, 3), answered(2, 2)));
    assertThat(found.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(found.text()).contains("silent for 3 s");
  }

  @Test
  void theFirstCutIsTheBoundWithWhatClientsDo() {
    Finding found =
        Silence.judge(List.of(cut(60, 5.02), cut(30, 5.04), answered(4, 4), answered(2, 2)));
    assertThat(found.trouble()).isEqualTo(Trouble.CUT);
    assertThat(found.text())
        .isEqualTo("something between cuts a silent wait after 5 s: it is answered 504 then");
    assertThat(found.cures()).singleElement().asString().contains("Clients ask again");
  }

  @Test
  void aCutBehindTheUsualHoldMeetsOnlyThoseWhoAskForMore() {
    assertThat(Silence.judge(List.of(cut(60, 50), answered(30, 30))).cures())
        .singleElement()
        .asString()
        .contains("a wait that asks for more does");
    assertThat(Silence.whatClientsDo(Duration.ofSeconds(3))).contains("after a pause");
  }

  @Test
  void betweenAnAnswerAndOneThatNeverCameIsTheBound() {
    Finding found = Silence.judge(List.of(lost(60), lost(45), answered(30, 30), answered(15, 15)));
    assertThat(found.verdict()).isEqualTo(Verdict.BAD);
    assertThat(found.text()).startsWith("a wait of 45 s never got its answer, one of 30 s did");
    assertThat(Silence.judge(List.of(lost(2), lost(1))).text())
        .startsWith("a wait of 1 s never got its answer: something");
  }

  @Test
  void waitsThatTheNodeRefusesSayNothing() {
    Wait refused = Silence.ended(secs(60), secs(0), Answers.problem(429, "at most 4 waits"));
    assertThat(refused.end()).isEqualTo(End.REFUSED);
    assertThat(Silence.judge(List.of(answered(60, 60), refused)).verdict()).isEqualTo(Verdict.GOOD);
    Finding found = Silence.judge(List.of(refused, refused));
    assertThat(found.verdict()).isEqualTo(Verdict.NEITHER);
    assertThat(found.text()).isEqualTo("no wait is taken now: the node refuses: at most 4 waits");
    assertThat(Silence.ended(secs(60), secs(0), Answers.page(429, "")).end())
        .isEqualTo(End.REFUSED);
  }

  @Test
  void aProxysErrorIsACut() {
    Wait wait = Silence.ended(secs(60), secs(5), Answers.page(504, "Gateway Time-out"));
    assertThat(wait.end()).isEqualTo(End.CUT);
    assertThat(Silence.ended(secs(60), secs(60), Answers.notYet()).end()).isEqualTo(End.ANSWERED);
  }

  private static Wait answered(double hold, double lasted) {
    return new Wait(secs(hold), secs(lasted), End.ANSWERED, "");
  }

  private static Wait cut(double hold, double lasted) {
    return new Wait(secs(hold), secs(lasted), End.CUT, "it is answered 504 then");
  }

  private static Wait lost(double hold) {
    return new Wait(secs(hold), secs(hold + 10), End.LOST, "");
  }

  private static Duration secs(double seconds) {
    return Duration.ofMillis(Math.round(seconds * 1_000));
  }
}
