package doorbell.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON of objects, arrays, strings and bare words (as strings): what the vectors need. */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object read(String text) {
    return new Json(text).value();
  }

  private Object value() {
    return switch (peek()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      default -> word();
    };
  }

  private Map<String, Object> object() {
    Map<String, Object> object = new LinkedHashMap<>();
    at++;
    while (peek() != '}') {
      String name = string();
      skip(':');
      object.put(name, value());
      skip(',');
    }
    at++;
    return object;
  }

  private List<Object> array() {
    List<Object> array = new ArrayList<>();
    at++;
    while (peek() != ']') {
      array.add(value());
      skip(',');
    }
    at++;
    return array;
  }

  private String string() {
    StringBuilder string = new StringBuilder();
    for (at = text.indexOf('"', at) + 1; text.charAt(at) != '"'; at++) {
      string.append(text.charAt(at) == '\\' ? escaped() : text.charAt(at));
    }
    at++;
    return string.toString();
  }

  private char escaped() {
    at++;
    int letter = "nrtbf".indexOf(text.charAt(at));
    if (letter >= 0) {
      return "\n\r\t\b\f".charAt(letter);
    }
    if (text.charAt(at) == 'u') {
      at += 4;
      return (char) Integer.parseInt(text.substring(at - 3, at + 1), 16);
    }
    return text.charAt(at);
  }

  private String word() {
    int start = at;
    while (",]} \n\r\t".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(start, at);
  }

  private char peek() {
    while (Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return text.charAt(at);
  }

  private void skip(char mark) {
    if (peek() == mark) {
      at++;
    }
  }
}
