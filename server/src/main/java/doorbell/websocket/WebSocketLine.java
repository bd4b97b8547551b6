package doorbell.websocket;

import doorbell.access.Access;
import doorbell.access.AccessException;
import doorbell.http.BulkSetBody;
import doorbell.http.HttpError;
import doorbell.http.Request;
import doorbell.wait.EventName;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A checked line of a client.
 *
 * @param events the events of the line; of a set exactly one, with the right key
 */
record WebSocketLine(Verb verb, List<EventName> events) {
  /** The action for the events. */
  enum Verb {
    WAIT,
    FORGET,
    SET
  }

  /** Parses a message; a refusal has one sentence for the client. */
  static WebSocketLine parse(String message, @Nullable Access access) throws HttpError {
    String line = message.endsWith("\n") ? message.substring(0, message.length() - 1) : message;
    int space = line.indexOf(' ');
    String rest = line.substring(space < 0 ? line.length() : space + 1);
    return switch (space < 0 ? line : line.substring(0, space)) {
      case "wait" -> new WebSocketLine(Verb.WAIT, names(rest, access));
      case "forget" -> new WebSocketLine(Verb.FORGET, names(rest, access));
      case "set" -> set(rest, access);
      default -> throw new HttpError(400, "a line is wait ID..., forget ID... or set ID [KEY]");
    };
  }

  private static List<EventName> names(String words, @Nullable Access access) throws HttpError {
    try {
      List<EventName> names = EventName.parseAll(words);
      if (access != null) {
        for (EventName name : names) {
          access.checkId(name.id());
        }
      }
      return names;
    } catch (AccessException e) {
      throw HttpError.of(e);
    } catch (IllegalArgumentException e) {
      throw new HttpError(400, String.valueOf(e.getMessage()));
    }
  }

  private static WebSocketLine set(String idAndKey, @Nullable Access access) throws HttpError {
    String text = idAndKey.split(" ", 2)[0];
    EventName name = Request.event(text);
    BulkSetBody.line(idAndKey, text, access);
    return new WebSocketLine(Verb.SET, List.of(name));
  }
}
