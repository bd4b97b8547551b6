package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.Certificate.Trust;
import doorbell.cli.run.Verdict;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebSocketsTest {
  private static final Site SITE =
      Site.of("http://bell.example", Duration.ofSeconds(1), Trust.of(null));

  private final WebSockets sockets = new WebSockets(SITE);

  @Test
  void aWebSocketIsRefusedCutOrForgotten() {
    assertThat(WebSockets.refused(Answers.page(200, "")).text()).contains("answered as ever");
    assertThat(WebSockets.refused(Answers.page(403, "")).text()).contains("status 403 came");
    assertThat(WebSockets.refused(Answers.page(429, "")).verdict()).isEqualTo(Verdict.NEITHER);
    Duration silent = Duration.ofSeconds(5);
    assertThat(WebSockets.afterSilence(true, false, silent).text())
        .isEqualTo("opens, tells of a set, and still does 5 s later");
    assertThat(WebSockets.afterSilence(false, true, silent).text())
        .isEqualTo("something between cuts a silent WebSocket after 5 s");
    assertThat(WebSockets.afterSilence(false, false, silent).text())
        .isEqualTo("a WebSocket is dead after 5 s without a message, and nobody says so");
  }

  @ParameterizedTest
  @CsvSource({"0, NEITHER", "1, NEITHER", "2, GOOD"})
  void aRefusalIsToldAtOnceAndAfterASilence(int places, Verdict verdict) throws Exception {
    Finding found = sockets.told(new Node(sockets, places));
    assertThat(found.verdict()).isEqualTo(verdict);
    if (verdict == Verdict.NEITHER) {
      assertThat(found.text()).isEqualTo("no wait is taken now: the node refuses: no more waits");
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1024, false", "1, 1025, true", "1024, 1, false", "1025, 1, true"})
  void whoSaysTooMuchIsHungUpOn(int lines, int length, boolean isTooMuch) {
    Node node = new Node(sockets, 0);
    List<String> all = Collections.nCopies(lines, "x".repeat(length));
    all.forEach(line -> sockets.onText(node, line, true));
    assertThat(node.isAborted).isEqualTo(isTooMuch);
  }

  /** A node that takes so many waits, and answers at once. */
  private static final class Node implements WebSocket {
    private final WebSockets client;
    private int places;
    private boolean isAborted;

    Node(WebSockets client, int places) {
      this.client = client;
      this.places = places;
    }

    @Override
    public CompletableFuture<WebSocket> sendText(CharSequence line, boolean last) {
      String id = line.toString().replaceFirst(".* ", "");
      if (line.toString().startsWith("set ")) {
        client.onText(this, "done " + id, true);
        client.onText(this, "set " + id, true);
      } else if (places-- <= 0) {
        client.onText(this, "error " + id + ": no more waits", true);
      }
      return CompletableFuture.completedFuture(this);
    }

    @Override
    public CompletableFuture<WebSocket> sendBinary(ByteBuffer data, boolean last) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<WebSocket> sendPing(ByteBuffer message) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<WebSocket> sendPong(ByteBuffer message) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<WebSocket> sendClose(int code, String reason) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void request(long more) {}

    @Override
    public String getSubprotocol() {
      return "";
    }

    @Override
    public boolean isOutputClosed() {
      return isAborted;
    }

    @Override
    public boolean isInputClosed() {
      return isAborted;
    }

    @Override
    public void abort() {
      isAborted = true;
    }
  }
}
