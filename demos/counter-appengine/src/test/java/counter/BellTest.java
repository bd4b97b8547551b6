package counter;

import static counter.FakeNode.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A set is heard, or is false in time: never an exception in a click. */
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class BellTest {
  private static final List<String> EVENTS = List.of("1", "2");

  /** For a machine that is busy with something else. */
  private static final double GRACE_SECONDS = 10;

  private final AppEngine appEngine = new AppEngine();
  private final long began = System.nanoTime();

  @AfterEach
  void close() {
    appEngine.close();
  }

  @Test
  void aDeadNodeIsFalseInTime() throws IOException {
    try (Socket nobody = new Socket()) {
      nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      isFalseInTime("http://127.0.0.1:" + nobody.getLocalPort());
    }
  }

  @Test
  void aSilentNodeIsFalseInTime() throws IOException {
    try (FakeNode node = new FakeNode()) {
      isFalseInTime(node.url());
      assertThat(node.requests.get()).isLessThan(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"302 Found", "400 Bad Request", "403 Forbidden", "404 None", "200 OK"})
  void whatCannotPassIsFalseAtOnceAndNotTriedAgain(String status) throws IOException {
    try (FakeNode node = new FakeNode(answer(status, "<html>"), answer(status, "<html>"))) {
      isFalseInTime(node.url());
      assertThat(node.requests.get()).isLessThan(2);
    }
  }

  @Test
  void anAnswerWithoutABodyIsFalse() throws IOException {
    String notYet = "HTTP/1.1 204 Not Yet\r\nConnection: close\r\n\r\n";
    try (FakeNode node = new FakeNode(notYet, notYet)) {
      isFalseInTime(node.url());
      assertThat(node.requests.get()).isLessThan(2);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "30", "Sun, 06 Nov 2044 08:49:37 GMT"})
  void whoIsSentAwayForLongerThanAClickLastsDoesNotComeBack(String later) throws IOException {
    String busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: " + later + "\r\n\r\n";
    try (FakeNode node = new FakeNode(busy, busy)) {
      isFalseInTime(node.url());
      assertThat(node.requests.get()).isLessThan(2);
    }
  }

  @Test
  void whatTheDatastoreLacksIsNoEvent() {
    Bell bell = new Bell("https://bell.example");
    for (String none : new String[] {null, "", " ", "null", "false", "-1", "7/8", "7\n8"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> bell.header(none))
          .withMessageStartingWith(none + " is no event");
      assertThatIllegalArgumentException().isThrownBy(() -> bell.set(Arrays.asList("7", none)));
    }
  }

  @Test
  void nonsenseIsFalseInTime() throws IOException {
    try (FakeNode node = new FakeNode("SSH-2.0\r\n\r\n", "SSH-2.0\r\n\r\n")) {
      isFalseInTime(node.url());
    }
  }

  @Test
  void aFailureOfUrlFetchItselfIsFalse() throws IOException {
    try (FakeNode node = new FakeNode()) {
      appEngine.exhaustFetches();
      isFalseInTime(node.url());
      assertThat(node.requests).hasValue(0);
    }
  }

  @Test
  void aNodeThatFailsOnceIsTriedAgain() throws IOException {
    String set = answer("200 OK", "{\"set\":2,\"already\":0}\n");
    try (FakeNode node = new FakeNode(answer("503 Later", ""), set)) {
      assertThat(new Bell(node.url(), 15).set(EVENTS)).isTrue();
      assertThat(node.requests).hasValue(2);
    }
  }

  @Test
  void whoIsSentAwayComesBackWhenItIsTime() throws IOException {
    String busy = "HTTP/1.1 429 Busy\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n";
    String set = answer("200 OK", "{\"set\":2,\"already\":0}\n");
    try (FakeNode node = new FakeNode(busy, set)) {
      long asked = System.nanoTime();
      assertThat(new Bell(node.url(), 15).set(EVENTS)).isTrue();
      assertThat(System.nanoTime() - asked).isGreaterThan(1_000_000_000L);
    }
  }

  @Test
  void theHeaderIsTheUrlWhereToWait() {
    assertThat(new Bell("https://bell.example").header("7")).isEqualTo("https://bell.example/7");
    assertThat(new Bell("http://bell.example:8080/doorbell/").header("7"))
        .isEqualTo("http://bell.example:8080/doorbell/7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "bell.example", "ftp://bell.example", "https://", "http://a.b?c", "not a url"})
  void whatIsNoUrlIsRefusedWithWhereToWriteIt(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Bell(url))
        .withMessage(
            "doorbell.url in appengine-web.xml is where Doorbell answers, like"
                + " https://bell.example, not \"%s\".",
            url);
    assertThatIllegalArgumentException().isThrownBy(() -> new Bell(null));
  }

  private void isFalseInTime(String url) {
    assertThat(new Bell(url).set(EVENTS)).isFalse();
    double seconds = (System.nanoTime() - began) / 1e9;
    assertThat(seconds).isLessThan(Bell.PATIENCE_SECONDS + GRACE_SECONDS);
  }
}
