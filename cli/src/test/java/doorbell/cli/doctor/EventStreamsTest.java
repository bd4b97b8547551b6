package doorbell.cli.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.doctor.EventStreams.Told;
import doorbell.cli.doctor.EventStreams.When;
import doorbell.cli.doctor.WebServer.Trouble;
import doorbell.cli.run.Verdict;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What the checks make of a stream. */
class EventStreamsTest {
  private static final String[] STREAM = {"Content-Type", "text/event-stream"};

  @Test
  void eventsThatComeAtOnceAreWell() {
    Finding found = EventStreams.judge(told(When.AT_ONCE), zipped(When.AT_ONCE));
    assertThat(found.verdict()).isEqualTo(Verdict.GOOD);
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
    Told full = new Told(Answers.problem(503, "at most 4 waits"), When.WITH_THE_END);
    assertThat(EventStreams.judge(told(When.UNSET), zipped(When.UNSET)).verdict())
        .isEqualTo(Verdict.NEITHER);
    assertThat(EventStreams.judge(told(When.AT_ONCE), full).text())
        .isEqualTo("no wait is taken now: the node refuses: at most 4 waits");
    Told counted = new Told(Answers.page(429, ""), When.WITH_THE_END);
    assertThat(EventStreams.judge(counted, told(When.AT_ONCE)).text())
        .isEqualTo("no wait is taken now: status 429 came");
  }

  @Test
  void ofARefusalTheSentenceIsRead() throws Exception {
    HttpServer node =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] problem = "{\n  \"detail\": \"at most 4 waits\"\n}".getBytes(UTF_8);
    node.createContext(
        "/",
        asked -> {
          asked.getResponseHeaders().add("Content-Type", "application/problem+json");
          asked.sendResponseHeaders(503, problem.length);
          asked.getResponseBody().write(problem);
          asked.close();
        });
    node.start();
    try {
      String url = "http://127.0.0.1:" + node.getAddress().getPort();
      Site site = Site.of(url, Duration.ofSeconds(1), Trust.of(null));
      EventStreams streams = new EventStreams(site);
      String sentence = "no wait is taken now: the node refuses: at most 4 waits";
      assertThat(EventStreams.judge(streams.plain(), streams.zipped()).text()).isEqualTo(sentence);
      assertThat(new WebSockets(site).check().text()).isEqualTo(sentence);
    } finally {
      node.stop(0);
    }
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
    assertThat(EventStreams.hops(told(When.AT_ONCE), true).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(EventStreams.hops(told(When.AT_ONCE), false).text()).startsWith("HTTP/1.0 on the");
    assertThat(EventStreams.hops(chunked, false).verdict()).isEqualTo(Verdict.NEITHER);
  }

  @Test
  void aStreamIsReadOnlyAsFarAsANodeSpeaks() {
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }
        };
    assertThat(EventStreams.comes("data", new StringBuilder(), endless)).isFalse();
  }

  private static Told told(When when) {
    return new Told(Answers.of(200, "", STREAM), when);
  }

  private static Told zipped(When when) {
    return new Told(Answers.of(200, "", STREAM[0], STREAM[1], "Content-Encoding", "gzip"), when);
  }
}
