package doorbell.http;

import doorbell.event.EventId;
import java.util.ArrayList;
import java.util.List;

/** The body of a bulk set: a line for each, {@code ID} or {@code ID KEY}. */
final class Bulk {
  private Bulk() {}

  /** The ids of all lines, in order, each one's key checked; or a refusal that names the line. */
  static List<EventId> parse(String body) throws Refused {
    if (body.isEmpty()) {
      throw new Refused(400, "the body names no id; it has a line for each, ID or ID KEY");
    }
    List<EventId> ids = new ArrayList<>();
    for (int from = 0; from < body.length(); ) {
      int newline = body.indexOf('\n', from);
      int end = newline < 0 ? body.length() : newline;
      if (ids.size() == Limits.BULK_LINES) {
        throw new Refused(413, "a bulk set has at most " + Limits.BULK_LINES + " lines");
      }
      boolean crlf = end > from && body.charAt(end - 1) == '\r';
      ids.add(line(body.substring(from, crlf ? end - 1 : end), "line " + (ids.size() + 1)));
      from = end + 1;
    }
    return ids;
  }

  /** The id of one line, its key checked; a refusal begins with its name. */
  static EventId line(String line, String name) throws Refused {
    try {
      return line(line);
    } catch (Refused e) {
      throw new Refused(e.status, name + ": " + e.sentence());
    }
  }

  private static EventId line(String line) throws Refused {
    int space = line.indexOf(' ');
    String key = space < 0 ? "" : line.substring(space + 1);
    EventId id = Request.Event.parse(space < 0 ? line : line.substring(0, space)).id();
    if (space >= 0 && !EventId.isKey(key)) {
      throw new Refused(400, "a key is 1 to 128 printable ASCII characters, no spaces");
    }
    if (id instanceof EventId.Sealed sealed && !sealed.isOpenedBy(key)) {
      throw new Refused(403, "the id is sealed, and this is not its key");
    }
    return id;
  }
}
