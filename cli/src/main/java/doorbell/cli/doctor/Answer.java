package doorbell.cli.doctor;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpTimeoutException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The answer to a request. Whoever answers may be anybody, so {@link #field} and {@link #problem}
 * give what may be shown on a terminal.
 *
 * @param body the beginning of it
 * @param at when it had come
 */
record Answer(
    int status, HttpHeaders headers, String body, HttpClient.Version version, Instant at) {
  /** Possessive, since a long text by steps that could be taken back would end the stack. */
  private static final Pattern DETAIL =
      Pattern.compile("\"detail\"\\s*:\\s*\"((?:[^\"\\\\]++|\\\\.)*+)\"");

  private static final int MOST_SHOWN = 120;

  /** The first field of that name; empty if there is none. */
  String field(String name) {
    return printable(headers.firstValue(name).orElse(""));
  }

  /** All values of that name: also those that share a line, with commas between them. */
  List<String> values(String name) {
    return headers.allValues(name).stream()
        .flatMap(line -> Pattern.compile(",").splitAsStream(line))
        .map(value -> printable(value.strip()))
        .filter(value -> !value.isEmpty())
        .toList();
  }

  /** The sentence of a node's error; empty if this is none. */
  String problem() {
    Matcher detail = DETAIL.matcher(body);
    return isProblem() && detail.find() ? printable(detail.group(1).replace("\\\"", "\"")) : "";
  }

  /** An error of a node's, as far as its type shows. */
  boolean isProblem() {
    return field("Content-Type").startsWith("application/problem+json");
  }

  boolean isPage() {
    return field("Content-Type").startsWith("text/html");
  }

  /** A node's "not yet", as far as an answer can show whose it is. */
  boolean isNotYet() {
    return status == 204
        && (!values("Access-Control-Allow-Origin").isEmpty()
            || values("Cache-Control").contains("no-store"));
  }

  /** A node's refusal for want of room. */
  boolean isFull() {
    return (status == 429 || status == 503) && !problem().isEmpty();
  }

  /** A wait is not taken now: the node has no room, or what is before it counts requests. */
  boolean isRefusal() {
    return status == 429 || isFull();
  }

  /** Who refuses, and why, as the end of a sentence. */
  String refusal() {
    return problem().isEmpty() ? "status " + status + " came" : "the node refuses: " + problem();
  }

  /** A text without what a terminal might obey, and not too long. */
  static String printable(String text) {
    String start = text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + "...";
    return start.replaceAll("[^ -~]", "?");
  }

  /** Why there is no answer, as the end of a sentence. */
  static String failure(Throwable why) {
    String message = String.valueOf(why.getMessage());
    if (why instanceof HttpTimeoutException
        || why instanceof SocketTimeoutException
        || why instanceof TimeoutException) {
      return "there is no answer";
    }
    if (why instanceof ConnectException) {
      return "the connection is refused";
    }
    if (why instanceof EOFException
        || message.matches(".*(received no bytes|EOF|closed|Too many retries).*")) {
      return "the connection is closed without an answer";
    }
    if (message.contains("reset")) {
      return "the connection is reset";
    }
    return "it is no HTTP that a client can read (" + printable(message) + ")";
  }
}
