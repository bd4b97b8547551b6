package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.wait.EventName;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Request lines as text, and what they ask for. */
class RequestTest {
  private static final long FOREVER = Long.MAX_VALUE;

  private static Request request(String line, String... header) throws HttpError {
    String[] parts = line.split(" ", 2);
    DefaultHttpRequest request =
        new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(parts[0]), parts[1]);
    for (int i = 0; i < header.length; i += 2) {
      request.headers().add(header[i], header[i + 1]);
    }
    return Request.of(request, "/base");
  }

  private static String names(Request request) {
    return request.events().stream().map(EventName::text).collect(Collectors.joining(" "));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /                     | LANDING_TEXT   | ''     | 0",
        "GET /base                 | LANDING_TEXT   | ''     | 0",
        "GET /doorbell.js          | SCRIPT         | ''     | 0",
        "OPTIONS *                 | OPTIONS        | ''     | 0",
        "OPTIONS /doorbell.js      | FILE_OPTIONS   | ''     | 0",
        "GET /base/doctor          | DOCTOR         | ''     | 0",
        "OPTIONS /doctor           | FILE_OPTIONS   | ''     | 0",
        "GET /7                    | WAIT           | 7      | -1",
        "GET /doorbell/7           | WAIT           | 7      | -1",
        "GET /base/7               | WAIT           | 7      | -1",
        "GET /base/doorbell/7      | WAIT           | 7      | -1",
        "GET /007,8?timeout=0.5    | WAIT           | 007 8  | 500",
        "GET /7?timeout=0.0001     | WAIT           | 7      | 1",
        "GET /%37                  | WAIT           | 7      | -1",
        "GET http://host:1/7       | WAIT           | 7      | -1",
        "POST /                    | SET_MANY       | ''     | 0",
        "POST /7                   | SET            | 7      | 0",
        "POST /7?spread=2          | SET            | 7      | 2000"
      })
  void aRequestLineIsADeedWithIdsAndATime(String line, Request.What what, String ids, long millis)
      throws HttpError {
    Request request = request(line);
    assertThat(request.what()).isEqualTo(what);
    assertThat(names(request)).isEqualTo(ids);
    assertThat(request.millis()).isEqualTo(millis < 0 ? FOREVER : millis);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /abc                  | 400 | id",
        "GET /7,                   | 400 | id",
        "GET /7/8                  | 404 | no such path",
        "GET 7                     | 400 | starts with '/'",
        "GET /7#a                  | 400 | no '#'",
        "POST /7,8                 | 400 | a set names one id",
        "DELETE /7                 | 405 | this path takes GET, HEAD, POST, OPTIONS",
        "POST /doorbell.js         | 405 | this path takes GET, HEAD, OPTIONS",
        "POST /doctor              | 405 | this path takes GET, HEAD, OPTIONS",
        "GET /7?timeout=-1         | 400 | timeout is seconds",
        "GET /7?timeout=1e3        | 400 | timeout is seconds",
        "GET /7?callback=1x        | 400 | callback is a name",
        "POST /7?spread=3601       | 400 | spread is at most 3600 seconds"
      })
  void whatIsWrongIsSaid(String line, int status, String sentence) {
    assertThatThrownBy(() -> request(line))
        .isInstanceOfSatisfying(HttpError.class, e -> assertThat(e.status).isEqualTo(status))
        .hasMessageContaining(sentence);
  }

  @Test
  void aWaitNamesAtMost64Ids() throws HttpError {
    String ids =
        IntStream.range(0, 64).mapToObj(Integer::toString).collect(Collectors.joining(","));
    assertThat(request("GET /" + ids).events()).hasSize(64);
    assertThatThrownBy(() -> request("GET /" + ids + ",64")).hasMessageContaining("at most 64");
  }

  @Test
  void headersSayHowLongInWhichFormAndWhatWasToldBefore() throws HttpError {
    assertThat(request("GET /7", "Prefer", "respond-async, wait=25").millis()).isEqualTo(25_000);
    assertThat(request("GET /7?timeout=1", "Prefer", "wait=25").millis()).isEqualTo(1_000);
    assertThat(request("GET /", "Accept", "text/html, */*").what())
        .isEqualTo(Request.What.LANDING_PAGE);
    Request json = request("GET /7", "Accept", "application/json");
    assertThat(json.form().type()).isEqualTo(Accept.JSON);
    String stream = "text/event-stream";
    Request told = request("GET /1,2,3", "Accept", stream, "Last-Event-ID", "2,9");
    assertThat(names(told)).isEqualTo("1 3");
    assertThat(told.told()).isEqualTo("2");
    Request all = request("GET /1,2", "Accept", stream, "Last-Event-ID", "2,1");
    assertThat(all.what()).isEqualTo(Request.What.ALL_TOLD);
  }

  @Test
  void anUpgradeIsOneOfTheRootAlone() throws HttpError {
    String[] upgrade = {
      "Connection", "keep-alive, Upgrade",
      "Upgrade", "websocket",
      "Sec-WebSocket-Version", "13",
      "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="
    };
    assertThat(request("GET /", upgrade).what()).isEqualTo(Request.What.WEB_SOCKET);
    assertThat(request("GET /7", upgrade).what()).isEqualTo(Request.What.WAIT);
    upgrade[5] = "12";
    assertThatThrownBy(() -> request("GET /", upgrade)).hasMessageContaining("version 13");
    upgrade[5] = "13";
    upgrade[7] = "short";
    assertThatThrownBy(() -> request("GET /", upgrade)).hasMessageContaining("16 bytes");
  }
}
