package doorbell.http1;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.Options;
import doorbell.event.EventTable;
import doorbell.http.HttpError;
import doorbell.http.Response;
import doorbell.http1.Http1Encoder.After;
import doorbell.io.Budget;
import doorbell.io.Faults;
import doorbell.io.IoLoop;
import doorbell.io.SimulatedLoop;
import doorbell.store.MemoryStore;
import doorbell.wait.WaitLoop;
import doorbell.wait.WaitQuota;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Ticker;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Responses, and the text of HTTP/1.1 that they become. */
class Http1EncoderTest {
  private static final String DATE = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
  private static final String BODY =
      "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"no\"}\n";

  private final MemoryStore store = new MemoryStore(Duration.ofHours(1), 1_000);
  private final Http1Encoder encoder = encoder();

  private Http1Encoder encoder() {
    SimulatedLoop events = new SimulatedLoop(new SimulatedLoop.Stage(), Ticker.newMockTicker());
    IoLoop io = new IoLoop(events, new Budget(1 << 20), new Faults(spent -> {}));
    EventTable table = new EventTable(store, (millis, task) -> {});
    WaitLoop waits = new WaitLoop(io, table, new WaitQuota(1));
    return new Http1(waits, Options.defaults().http(), null, () -> Instant.EPOCH).encoder;
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static String text(ByteBuf bytes) {
    String text = bytes.toString(US_ASCII);
    bytes.release();
    return text;
  }

  @Test
  void aResponseHasAStatusAHeadADateAndALength() {
    Response response = Response.problem(new HttpError(400, "no"), false);
    assertThat(text(encoder.whole(response, After.STAYS)))
        .startsWith("HTTP/1.1 400 Bad Request\r\nAccess-Control-Allow-Origin: *\r\n")
        .contains("\r\nContent-Type: application/problem+json\r\n")
        .endsWith(DATE + "Content-Length: " + BODY.length() + "\r\n\r\n" + BODY);
  }

  @ParameterizedTest
  @CsvSource({
    "STAYS, ''",
    "STAYS_AS_ASKED, 'Connection: keep-alive\r\n'",
    "CLOSES, 'Connection: close\r\n'",
    "UPGRADES, 'Connection: Upgrade\r\nUpgrade: websocket\r\n'"
  })
  void whatFollowsIsSaid(After after, String field) {
    Response bare = new Response(new Response.Head(204, null), null, false);
    assertThat(text(encoder.whole(bare, after))).endsWith(DATE + field + "\r\n");
  }

  @Test
  void aHeadHasTheLengthOfTheBodyAndNoBody() {
    Response head = Response.problem(new HttpError(400, "no"), true);
    assertThat(text(encoder.whole(head, After.STAYS)))
        .endsWith("Content-Length: " + BODY.length() + "\r\n\r\n");
  }

  @Test
  void aStreamIsInChunksOrEndsWithTheConnection() {
    Response.Head head = new Response.Head(200, "text/event-stream");
    assertThat(text(encoder.open(head, true, After.STAYS)))
        .endsWith(DATE + "Transfer-Encoding: chunked\r\n\r\n");
    assertThat(text(encoder.open(head, false, After.CLOSES)))
        .endsWith(DATE + "Connection: close\r\n\r\n");
    assertThat(text(encoder.part("data: 7\n\n", true))).isEqualTo("9\r\ndata: 7\n\n\r\n");
    assertThat(text(encoder.part("data: 7\n\n", false))).isEqualTo("data: 7\n\n");
    assertThat(text(encoder.end(true))).isEqualTo("0\r\n\r\n");
    assertThat(text(encoder.end(false))).isEmpty();
  }
}
