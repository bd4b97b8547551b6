package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.access.Access;
import doorbell.access.AccessException;
import doorbell.event.EventId;
import doorbell.io.Budget;
import doorbell.wait.IdList;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of a bulk set: lines of {@code ID} or {@code ID KEY}, parsed as bytes arrive. Only the
 * ids are kept. After a bad line nothing more is parsed.
 */
public final class BulkSetBody {
  /**
   * The longest good line: a sealed id, a space, a key and CR. More bytes of a line are dropped.
   */
  private static final int LINE = 64 + 1 + 128 + 1;

  private final IdList ids;
  private final byte[] line = new byte[LINE];

  /** Bytes of the current line so far; bytes beyond {@link #LINE} are only counted. */
  private int length;

  private @Nullable HttpError refused;
  private final @Nullable Access access;

  BulkSetBody(Budget budget, @Nullable Access access) {
    ids = new IdList(budget);
    this.access = access;
  }

  /** Takes a piece of the body; throws if the budget has no room for the ids. */
  void add(ByteBuf piece) throws HttpError {
    int end = piece.writerIndex();
    for (int from = piece.readerIndex(); from < end && refused == null; ) {
      int newline = piece.indexOf(from, end, (byte) '\n');
      int to = newline < 0 ? end : newline;
      int room = Math.max(0, Math.min(to - from, LINE - length));
      piece.getBytes(from, line, Math.min(length, LINE), room);
      length += to - from;
      from = to + 1;
      if (newline >= 0) {
        endLine();
      }
    }
  }

  private void endLine() throws HttpError {
    if (ids.size() == HttpLimits.BULK_LINES) {
      refuse(new HttpError(413, "a bulk set has at most " + HttpLimits.BULK_LINES + " lines"));
      return;
    }
    EventId id;
    try {
      id = parse("line " + (ids.size() + 1));
    } catch (HttpError e) {
      refuse(e);
      return;
    }
    if (!ids.append(id)) {
      throw HttpError.memoryIsShort();
    }
    length = 0;
  }

  private void refuse(HttpError why) {
    refused = why;
    ids.clear();
  }

  private EventId parse(String name) throws HttpError {
    int bytes = Math.min(length, LINE);
    boolean crlf = length > 0 && length <= LINE && line[length - 1] == '\r';
    String text = new String(line, 0, crlf ? bytes - 1 : bytes, ISO_8859_1);
    if (length > LINE && text.indexOf(' ') < 0) {
      throw new HttpError(400, name + ": an id has at most 64 characters");
    }
    return line(text, name, access);
  }

  /** The ids of all lines, in order, with keys checked; or a refusal that names the line. */
  List<EventId> end() throws HttpError {
    if (length > 0 && refused == null) {
      endLine();
    }
    if (refused != null) {
      throw refused;
    }
    if (ids.isEmpty()) {
      throw new HttpError(400, "the body names no id; it has a line for each, ID or ID KEY");
    }
    return ids;
  }

  /** The number of ids that are kept now. */
  int kept() {
    return ids.size();
  }

  /** Gives the bytes of the ids back to the budget. */
  void release() {
    ids.release();
  }

  /** The id of a line, with the key checked; a refusal begins with {@code name}. */
  public static EventId line(String line, String name, @Nullable Access access) throws HttpError {
    try {
      EventId id = line(line);
      if (access != null) {
        access.checkSet(id);
      }
      return id;
    } catch (AccessException e) {
      throw HttpError.of(e, name);
    } catch (HttpError e) {
      throw new HttpError(e.status, name + ": " + e.sentence());
    }
  }

  private static EventId line(String line) throws HttpError {
    int space = line.indexOf(' ');
    String key = space < 0 ? "" : line.substring(space + 1);
    EventId id = Request.event(space < 0 ? line : line.substring(0, space)).id();
    if (space >= 0 && !EventId.isKey(key)) {
      throw new HttpError(400, "a key is 1 to 128 printable ASCII characters, no spaces");
    }
    if (id instanceof EventId.Sealed sealed && !sealed.isOpenedBy(key)) {
      throw new HttpError(403, "the id is sealed, and this is not its key");
    }
    return id;
  }
}
