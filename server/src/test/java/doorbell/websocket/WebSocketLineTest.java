package doorbell.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.http.HttpError;
import doorbell.wait.EventName;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client's lines as text. */
class WebSocketLineTest {
  @ParameterizedTest
  @CsvSource({
    "'wait 1 2', WAIT, 1 2",
    "'wait 1\n', WAIT, 1",
    "'forget 007', FORGET, 007",
    "'set 7', SET, 7",
    "'set 007 a-key', SET, 007"
  })
  void aLineIsADeedWithIds(String text, WebSocketLine.Verb verb, String ids) throws HttpError {
    WebSocketLine line = WebSocketLine.parse(text, null);
    assertThat(line.verb()).isEqualTo(verb);
    assertThat(line.events().stream().map(EventName::text).collect(Collectors.joining(" ")))
        .isEqualTo(ids);
  }

  @ParameterizedTest
  @CsvSource({
    "'', a line is wait ID",
    "'waits 1', a line is wait ID",
    "'wait', id",
    "'wait 1  2', id",
    "'set 7 a b', 7: a key is 1 to 128",
    "'set', id"
  })
  void whatIsWrongIsSaid(String text, String sentence) {
    assertThatThrownBy(() -> WebSocketLine.parse(text, null))
        .isInstanceOf(HttpError.class)
        .hasMessageContaining(sentence);
  }
}
