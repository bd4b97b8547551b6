package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.EventStreams.Told;
import doorbell.cli.doctor.EventStreams.When;
import doorbell.cli.doctor.Finding.Verdict;
import doorbell.cli.doctor.WebServer.Trouble;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the checks make of a stream and of a WebSocket. */
class EventStreamsTest {
  private static final String[] STREAM = {"Content-Type", "text/event-stream"};

  @Test
  void eventsThatComeAtOnceAreWell() {
    Finding found = EventStreams.judge(told(When.AT_ONCE), zipped(When.AT_ONCE));
    assertThat(found.verdict()).isEqualTo(Verdict.WELL);
    assertThat(found.text()).endsWith("though compressed on its way");
  }

  @Test
  void whatHoldsAStreamBackIsToldByHowItWasAskedFor() {
    assertThat(EventStreams.judge(told(When.WITH_THE_END), zipped(When.WITH_THE_END)).trouble())
        .isEqualTo(Trouble.BUFFERED);
    assertThat(EventStreams.judge(told(When.AT_ONCE), zipped(When.WITH_THE_END)).trouble())
        .isEqualTo(Trouble.COMPRESSED);
    assertThat(EventStreams.judge(told(When.AT_ONCE), told(When.WITH_THE_END)).trouble())
        .isEqualTo(Trouble.BUFFERED);
  }

  @Test
  void aStreamWithoutASetOrAPlaceSaysNothing() {
    Told full = new Told(Answers.problem(429, "at most 4 waits"), When.WITH_THE_END);
    assertThat(EventStreams.judge(told(When.UNSET), zipped(When.UNSET)).verdict())
        .isEqualTo(Verdict.UNTRIED);
    assertThat(EventStreams.judge(told(When.AT_ONCE), full).verdict()).isEqualTo(Verdict.UNTRIED);
  }

  @Test
  void whatIsNoStreamIsTold() {
    Told other = new Told(Answers.page(200, ""), When.WITH_THE_END);
    assertThat(EventStreams.judge(told(When.AT_ONCE), other).text())
        .endsWith("what comes is status 200, text/html; charset=utf-8");
  }

  @Test
  void onlyWhatIsSeenIsSaidOfTheHops() {
    Told chunked =
        new Told(
            Answers.of(200, "", STREAM[0], STREAM[1], "Transfer-Encoding", "chunked"),
            When.AT_ONCE);
    assertThat(EventStreams.hops(told(When.AT_ONCE), true).verdict()).isEqualTo(Verdict.WELL);
    assertThat(EventStreams.hops(told(When.AT_ONCE), false).text()).startsWith("HTTP/1.0 on the");
    assertThat(EventStreams.hops(chunked, false).verdict()).isEqualTo(Verdict.UNTRIED);
  }

  @Test
  void aWebSocketIsRefusedCutOrForgotten() {
    assertThat(WebSockets.refused(Answers.page(200, "")).text()).contains("answered as ever");
    assertThat(WebSockets.refused(Answers.page(403, "")).text()).contains("status 403 came");
    Duration silent = Duration.ofSeconds(5);
    assertThat(WebSockets.afterSilence(true, false, silent).verdict()).isEqualTo(Verdict.WELL);
    assertThat(WebSockets.afterSilence(false, true, silent).text())
        .isEqualTo("something between cuts a silent WebSocket after 5 s");
    assertThat(WebSockets.afterSilence(false, false, silent).text())
        .isEqualTo("a WebSocket is dead after 5 s of silence, and nobody says so");
  }

  private static Told told(When when) {
    return new Told(Answers.of(200, "", STREAM), when);
  }

  private static Told zipped(When when) {
    return new Told(Answers.of(200, "", STREAM[0], STREAM[1], "Content-Encoding", "gzip"), when);
  }
}
