package doorbell.cli.doctor;

import doorbell.cli.doctor.Finding.Check;
import doorbell.cli.doctor.WebServer.Trouble;
import java.net.http.HttpClient.Version;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;

/** The checks of a single answer's fields: a node's "not yet" to a page of another origin. */
final class Headers {
  /** A page of another site, as a browser names it. */
  static final String ORIGIN = "https://page.example";

  private static final Duration SKEW = Duration.ofMinutes(1);
  private static final String ALLOW = "Access-Control-Allow-Origin";
  private static final String RESOURCE = "Cross-Origin-Resource-Policy";

  private Headers() {}

  /**
   * The check of the clocks.
   *
   * @param took how long the answer took, by which its date may be older
   */
  static Finding clock(Answer answer, Duration took) {
    Instant date;
    try {
      String text = answer.field("Date");
      date = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text));
    } catch (DateTimeException e) {
      return Check.CLOCK.untried("the answer has no Date");
    }
    Duration ahead = Duration.between(answer.at(), date);
    if (ahead.abs().minus(took).compareTo(SKEW) <= 0) {
      return Check.CLOCK.well("as here, within a minute");
    }
    return Check.CLOCK.cross(
        "the server's clock is "
            + Finding.time(ahead.abs())
            + (ahead.isNegative() ? " behind" : " ahead of")
            + " this machine's",
        "Set both by NTP: certificates and signed tokens fail by a wrong clock. An old Date may"
            + " come out of a cache, too.");
  }

  static Finding http(Answer answer) {
    return Check.HTTP.well(
        answer.version() == Version.HTTP_2
            ? "HTTP/2: all waits of a browser share a connection"
            : "HTTP/1.1: a browser opens six connections to a host, for all tabs together");
  }

  static Finding cors(Answer answer) {
    List<String> allowed = answer.values(ALLOW);
    List<String> policy = answer.values(RESOURCE);
    if (allowed.isEmpty()) {
      return Check.CORS.cross(
          Trouble.CORS,
          ALLOW + " is lost on the way: pages of other origins can't read an answer",
          "Nothing may take it out of the node's answers.");
    }
    if (allowed.size() > 1) {
      return Check.CORS.cross(
          Trouble.CORS,
          ALLOW + " is there " + allowed.size() + " times, and browsers accept one only");
    }
    if (!allowed.contains("*") && !allowed.contains(ORIGIN)) {
      return Check.CORS.cross(
          Trouble.CORS, ALLOW + " allows " + allowed.getFirst() + " only, and no other origin");
    }
    if (!policy.isEmpty() && !policy.equals(List.of("cross-origin"))) {
      return Check.CORS.cross(
          Trouble.CORS,
          RESOURCE + " is " + String.join(", ", policy) + ": scripts of other origins are blocked");
    }
    if (answer.status() == 204 && !answer.values("X-Content-Type-Options").isEmpty()) {
      return Check.CORS.cross(
          Trouble.NOSNIFF,
          "X-Content-Type-Options is added to a 204, by which script elements fail");
    }
    return Check.CORS.well("pages of any origin may wait and set");
  }
}
