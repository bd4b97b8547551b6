package doorbell.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The target of a request line, taken apart: a path below the root, and a query.
 *
 * @param segment the only path segment below the root, percent-decoded; empty for the root
 * @param query the raw query, empty for none
 */
record Target(String segment, String query) {
  private static final String ALIAS = "/doorbell";

  /** Reads an origin-form or absolute-form target. */
  static Target parse(String uri, String basePath) throws HttpError {
    String path = withoutAuthority(uri);
    int fragment = path.indexOf('#');
    if (fragment >= 0) {
      throw new HttpError(400, "a request target has no '#'");
    }
    int mark = path.indexOf('?');
    String query = mark < 0 ? "" : path.substring(mark + 1);
    String below = below(mark < 0 ? path : path.substring(0, mark), basePath);
    return new Target(decode(below), query);
  }

  private static String withoutAuthority(String uri) throws HttpError {
    if (uri.startsWith("/") || uri.equals("*")) {
      return uri;
    }
    int authority = uri.indexOf("://");
    if (authority < 1) {
      throw new HttpError(400, "a request target starts with '/'");
    }
    int end = authority + 3;
    while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
      end++;
    }
    if (!isAuthority(uri.substring(authority + 3, end))) {
      throw new HttpError(400, "the host in a request target is a name or an address");
    }
    String rest = uri.substring(end);
    return rest.startsWith("/") ? rest : "/" + rest;
  }

  /**
   * True for a host and perhaps a port: RFC 3986, 3.2.2. No label of a name is empty, but the
   * root's at its end.
   */
  static boolean isAuthority(String text) {
    int end = text.startsWith("[") ? addressEnd(text) : nameEnd(text);
    if (end < text.length() && (end <= 0 || text.charAt(end) != ':')) {
      return false;
    }
    for (int i = end + 1; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return false;
      }
    }
    return end > 0;
  }

  /** The end of a host's name; -1 if malformed. */
  private static int nameEnd(String text) {
    char before = '.';
    int end = 0;
    for (; end < text.length() && text.charAt(end) != ':'; end++) {
      char c = text.charAt(end);
      boolean known = isDigit(c) || isLetter(c) || "-._~%!$&'()*+,;=".indexOf(c) >= 0;
      if (!known || (c == '.' && before == '.')) {
        return -1;
      }
      before = c;
    }
    return end;
  }

  /** The end of an address of IPv6 in brackets, perhaps with a zone; -1 if malformed. */
  private static int addressEnd(String text) {
    int end = 1;
    boolean zone = false;
    for (; end < text.length(); end++) {
      char c = text.charAt(end);
      zone |= c == '%' && end > 1;
      boolean known = HexFormat.isHexDigit(c) || ":.".indexOf(c) >= 0;
      if (!known && !(zone && (isLetter(c) || "%-_~".indexOf(c) >= 0))) {
        break;
      }
    }
    return end > 1 && text.startsWith("]", end) ? end + 1 : -1;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static String below(String path, String basePath) throws HttpError {
    String rest = path.equals("*") ? "/" : path;
    rest = without(basePath, rest);
    rest = without(ALIAS, rest);
    String segment = rest.isEmpty() ? "" : rest.substring(1);
    if (segment.indexOf('/') >= 0) {
      throw new HttpError(404, "there is no such path; an event is at /ID, for example /22482");
    }
    return segment;
  }

  private static String without(String prefix, String path) {
    boolean stands =
        path.startsWith(prefix)
            && (path.length() == prefix.length() || path.charAt(prefix.length()) == '/');
    return stands ? path.substring(prefix.length()) : path;
  }

  /**
   * The single value of a query parameter, percent-decoded.
   *
   * @return null if the query lacks the parameter
   */
  @Nullable String parameter(String name) throws HttpError {
    String value = null;
    for (int from = 0; from < query.length(); ) {
      int end = query.indexOf('&', from);
      end = end < 0 ? query.length() : end;
      int equals = query.indexOf('=', from, end);
      int nameEnd = equals < 0 ? end : equals;
      if (query.regionMatches(from, name, 0, Math.max(name.length(), nameEnd - from))) {
        if (value != null) {
          throw new HttpError(400, name + " is given twice; give it once");
        }
        value = nameEnd == end ? "" : decode(query.substring(nameEnd + 1, end));
      }
      from = end + 1;
    }
    return value;
  }

  private static String decode(String text) throws HttpError {
    if (text.indexOf('%') < 0) {
      return text;
    }
    ByteBuffer bytes = ByteBuffer.allocate(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '%') {
        bytes.put((byte) c);
      } else if (i + 2 < text.length()
          && HexFormat.isHexDigit(text.charAt(i + 1))
          && HexFormat.isHexDigit(text.charAt(i + 2))) {
        bytes.put((byte) HexFormat.fromHexDigits(text, i + 1, i + 3));
        i += 2;
      } else {
        throw new HttpError(400, "a '%' in a URL is followed by two hex digits");
      }
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new HttpError(400, "a percent-encoded URL is UTF-8");
    }
  }
}
