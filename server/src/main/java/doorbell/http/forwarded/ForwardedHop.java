package doorbell.http.forwarded;

import doorbell.io.proxy.AddressText;
import java.net.InetAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The text of one hop: an element of {@code Forwarded}, or an item of {@code X-Forwarded-For}. */
final class ForwardedHop {
  /** A node of RFC 7239, 6: {@code 192.0.2.1}, {@code [2001:db8::1]}, and perhaps a port. */
  private static final Pattern NODE =
      Pattern.compile(
          "(?:\\[([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)]|([0-9.]+))(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?");

  /** Most characters of a node, so that the pattern takes no time for more. */
  private static final int LONGEST = 128;

  private ForwardedHop() {}

  /**
   * The index at which the element that ends before {@code end} begins, behind a comma that stands
   * in no quotes. -1 if its quotes have no beginning. Read from the right, since a client may have
   * written the left.
   */
  static int begin(String line, int end) {
    int at = end;
    while (at > 0 && line.charAt(at - 1) != ',') {
      at--;
      if (line.charAt(at) == '"') {
        at = openingQuote(line, at);
      }
      if (at < 0) {
        return -1;
      }
    }
    return at;
  }

  /** The index of the quote that {@code closing} closes; -1 if there is none. */
  private static int openingQuote(String line, int closing) {
    int quote = line.lastIndexOf('"', closing - 1);
    while (quote > 0 && isEscaped(line, quote)) {
      quote = line.lastIndexOf('"', quote - 1);
    }
    return quote;
  }

  private static boolean isEscaped(String line, int quote) {
    int before = quote;
    while (before > 0 && line.charAt(before - 1) == '\\') {
      before--;
    }
    return (quote - before) % 2 == 1;
  }

  /** The address in the {@code for} of an element; null if there is none. */
  static @Nullable InetAddress element(String text) {
    String found = null;
    for (int at = 0; at < text.length(); ) {
      int end = endOfPair(text, at);
      String pair = text.substring(at, end).strip();
      at = end + 1;
      int equals = pair.indexOf('=');
      if (equals > 0 && pair.substring(0, equals).equalsIgnoreCase("for")) {
        if (found != null) {
          return null;
        }
        found = pair.substring(equals + 1);
      }
    }
    String node = found == null ? null : unquoted(found);
    return node == null ? null : node(node);
  }

  /** The index of the semicolon behind a pair, in no quotes; or the end of the text. */
  private static int endOfPair(String text, int from) {
    boolean inQuotes = false;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && inQuotes) {
        i++;
      } else if (c == '"') {
        inQuotes = !inQuotes;
      } else if (c == ';' && !inQuotes) {
        return i;
      }
    }
    return text.length();
  }

  /** The text of a value that may stand in quotes; null if the quotes are malformed. */
  private static @Nullable String unquoted(String value) {
    boolean isQuoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
    String inside = isQuoted ? value.substring(1, value.length() - 1) : value;
    return inside.indexOf('"') >= 0 || inside.indexOf('\\') >= 0 ? null : inside;
  }

  /**
   * The address of a node; null for {@code unknown}, for a name in place of an address, and for
   * what is malformed. A bare address of IPv6 is taken too, as proxies write it into {@code
   * X-Forwarded-For}.
   */
  static @Nullable InetAddress node(String text) {
    if (text.length() > LONGEST) {
      return null;
    }
    Matcher node = NODE.matcher(text);
    if (!node.matches()) {
      return AddressText.parse(text);
    }
    String ipv6 = node.group(1);
    return AddressText.parse(ipv6 != null ? ipv6 : node.group(2));
  }
}
