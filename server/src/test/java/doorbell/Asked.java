package doorbell;

import doorbell.event.EventId;
import java.util.List;
import java.util.Set;

/** A request that a caller of the simulation made, and what was so when its last byte was sent. */
final class Asked {
  enum Kind {
    WAIT,
    ONLY_ASK,
    HEAD,
    SET,
    SET_MANY,
    NONSENSE
  }

  final Kind kind;
  final List<String> texts;
  final List<EventId> ids;
  final String bytes;
  final long holdMillis;

  boolean sent;
  long sentNanos;

  /** When it was seen to be parked, at the latest; 0 before. */
  long parkedNanos;

  Set<EventId> acknowledgedBefore = Set.of();
  int failuresBefore;

  Asked(Kind kind, List<String> texts, long holdMillis, String bytes) {
    this.kind = kind;
    this.texts = texts;
    this.ids = texts.stream().map(EventId::parse).toList();
    this.holdMillis = holdMillis;
    this.bytes = bytes;
  }

  static Asked nonsense() {
    return new Asked(Kind.NONSENSE, List.of(), 0, "GET /abc HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  static Asked head(List<String> texts) {
    String line = "HEAD /" + String.join(",", texts);
    return new Asked(Kind.HEAD, texts, 0, line + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  static Asked wait(List<String> texts, long millis, boolean json) {
    String query = "?timeout=" + millis / 1_000.0;
    String accept = json ? "Accept: application/json\r\n" : "";
    return new Asked(
        millis == 0 ? Kind.ONLY_ASK : Kind.WAIT,
        texts,
        millis,
        "GET /" + String.join(",", texts) + query + " HTTP/1.1\r\nHost: a\r\n" + accept + "\r\n");
  }

  static Asked set(String text, long spreadMillis) {
    String path = "/" + text + spread(spreadMillis);
    String body = "ignored";
    return new Asked(
        Kind.SET,
        List.of(text),
        0,
        "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n" + body);
  }

  static Asked setMany(List<String> texts, long spreadMillis) {
    String body = String.join("\n", texts);
    String head = "Host: a\r\nContent-Length: " + body.length() + "\r\n\r\n";
    return new Asked(
        Kind.SET_MANY, texts, 0, "POST /" + spread(spreadMillis) + " HTTP/1.1\r\n" + head + body);
  }

  private static String spread(long millis) {
    return millis == 0 ? "" : "?spread=" + millis / 1_000.0;
  }

  boolean sets() {
    return kind == Kind.SET || kind == Kind.SET_MANY;
  }

  boolean asks() {
    return kind == Kind.WAIT || kind == Kind.ONLY_ASK || kind == Kind.HEAD;
  }

  @Override
  public String toString() {
    return kind + " " + String.join(",", texts) + (kind == Kind.WAIT ? " " + holdMillis : "");
  }
}
