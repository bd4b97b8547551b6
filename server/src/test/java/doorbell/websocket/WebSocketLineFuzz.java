package doorbell.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpError;
import doorbell.wait.EventName;
import doorbell.websocket.WebSocketLine.Verb;
import java.util.Locale;
import java.util.stream.Collectors;

/** A client's line is refused in a sentence, or it is the same when it is written again. */
public final class WebSocketLineFuzz {
  private WebSocketLineFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) throws HttpError {
    String message = new String(data, UTF_8);
    WebSocketLine line;
    try {
      line = WebSocketLine.parse(message, null);
    } catch (HttpError e) {
      assertThat(e.status).isIn(400, 403);
      assertThat(e.sentence()).isNotBlank();
      return;
    }
    assertThat(line.events()).isNotEmpty();
    if (line.verb() == Verb.SET) {
      assertThat(line.events()).hasSize(1);
    }
    if (line.verb() != Verb.SET || line.events().getFirst().id() instanceof EventId.Plain) {
      String verb = line.verb().name().toLowerCase(Locale.ROOT);
      String ids = line.events().stream().map(EventName::text).collect(Collectors.joining(" "));
      assertThat(WebSocketLine.parse(verb + " " + ids, null)).isEqualTo(line);
      assertThat(WebSocketLine.parse(verb + " " + ids + "\n", null)).isEqualTo(line);
    }
  }
}
