package doorbell;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An answer, as a client reads it. */
record Answer(int status, String head, String body) {

  /** Takes the first whole answer off {@code received}; null if there is none yet. */
  static @Nullable Answer take(StringBuilder received, boolean toHead) {
    int end = received.indexOf("\r\n\r\n");
    if (end < 0) {
      return null;
    }
    String head = received.substring(0, end + 2);
    int status = Integer.parseInt(head.substring(9, 12));
    String length = toHead ? null : field(head, "content-length");
    int bodyEnd = end + 4 + (length == null ? 0 : Integer.parseInt(length));
    if (received.length() < bodyEnd) {
      return null;
    }
    String body = received.substring(end + 4, bodyEnd);
    received.delete(0, bodyEnd);
    return new Answer(status, head, body);
  }

  @Nullable String field(String name) {
    return field(head, name);
  }

  boolean closes() {
    return "close".equals(field("connection"));
  }

  private static @Nullable String field(String head, String name) {
    for (String line : head.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ": ")) {
        return line.substring(name.length() + 2);
      }
    }
    return null;
  }
}
