package doorbell.wait;

import doorbell.event.EventId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event as the client wrote the id.
 *
 * @param spelling the client's own text; null if the id's own text is the same
 */
public record EventName(EventId id, @Nullable String spelling) {
  /**
   * Reads a name.
   *
   * @throws IllegalArgumentException with one sentence, if the text isn't an id
   */
  public static EventName parse(String text) {
    EventId id = EventId.parse(text);
    return new EventName(id, id.isWrittenAs(text) ? null : text);
  }

  /** Reads several names, with one space between two. Throws as {@link #parse}. */
  public static List<EventName> parseAll(String words) {
    List<EventName> names = new ArrayList<>();
    for (String word : words.split(" ", -1)) {
      names.add(parse(word));
    }
    return names;
  }

  /** The client's own text, which answers repeat. */
  public String text() {
    return spelling == null ? id.toString() : spelling;
  }
}
