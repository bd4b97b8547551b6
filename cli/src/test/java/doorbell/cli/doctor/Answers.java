package doorbell.cli.doctor;

import java.net.http.HttpClient.Version;
import java.net.http.HttpHeaders;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Answers as they might come from anywhere. */
final class Answers {
  static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");

  private static final String[] OF_A_NODE = {
    "Access-Control-Allow-Origin", "*",
    "Cross-Origin-Resource-Policy", "cross-origin",
    "Cache-Control", "no-store",
    "Date", "Mon, 30 Nov 2026 10:00:00 GMT"
  };

  private Answers() {}

  /** A node's "not yet", with more fields. */
  static Answer notYet(String... more) {
    List<String> fields = new ArrayList<>(List.of(OF_A_NODE));
    fields.addAll(List.of(more));
    return of(204, "", fields.toArray(String[]::new));
  }

  /** A node's refusal. */
  static Answer problem(int status, String sentence) {
    return of(
        status,
        "{\"type\":\"about:blank\",\"status\":" + status + ",\"detail\":\"" + sentence + "\"}\n",
        "Content-Type",
        "application/problem+json");
  }

  static Answer page(int status, String body, String... fields) {
    List<String> all = new ArrayList<>(List.of("Content-Type", "text/html; charset=utf-8"));
    all.addAll(List.of(fields));
    return of(status, body, all.toArray(String[]::new));
  }

  /** {@code fields} are names and values by turns; a name may come again. */
  static Answer of(int status, String body, String... fields) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    for (int i = 0; i < fields.length; i += 2) {
      headers.computeIfAbsent(fields[i], name -> new ArrayList<>()).add(fields[i + 1]);
    }
    return new Answer(
        status, HttpHeaders.of(headers, (name, value) -> true), body, Version.HTTP_1_1, NOW);
  }
}
