package doorbell.client;

import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An answer from a node, or from another server in a node's place. */
record Answer(HttpResponse<String> response) {
  private static final Pattern NAMES = Pattern.compile("\"set\"\\s*:\\s*\\[([^\\]]*)\\]");
  private static final Pattern TEXT = Pattern.compile("\"([^\"]*)\"");
  private static final Pattern SET = Pattern.compile("\"set\"\\s*:\\s*(\\d{1,9})\\b");
  private static final Pattern ALREADY = Pattern.compile("\"already\"\\s*:\\s*(\\d{1,9})\\b");
  private static final Pattern DETAIL =
      Pattern.compile("\"detail\"\\s*:\\s*\"([^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+)\"");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");
  private static final Pattern SECONDS = Pattern.compile("\\d+");
  private static final int LONGEST_SENTENCE = 300;

  int status() {
    return response.statusCode();
  }

  boolean isSuccess() {
    return status() / 100 == 2;
  }

  /**
   * A node's answer to a set has no body; the answer of a server that says 200 to everything has a
   * body.
   */
  boolean isSet() {
    return (status() == 200 || status() == 201) && response.body().isBlank();
  }

  boolean isNotYet() {
    return status() == 204;
  }

  /**
   * True if a retry may fare better. A 408 is a request head that was slow on the way. A server
   * that doesn't know the method or the version learns nothing from a retry, and a network that
   * wants a login isn't a node.
   */
  boolean isPassing() {
    return switch (status()) {
      case 408, 429 -> true;
      case 501, 505, 511 -> false;
      default -> status() / 100 == 5;
    };
  }

  /**
   * The ids that the answer names as set, of all ids asked; empty if this isn't a node's answer.
   */
  Set<EventId> named(Set<EventId> asked) {
    Matcher names = NAMES.matcher(response.body());
    if (status() != 200 || !names.find()) {
      return Set.of();
    }
    Set<String> texts =
        TEXT.matcher(names.group(1)).results().map(m -> m.group(1)).collect(Collectors.toSet());
    return asked.stream()
        .filter(id -> texts.contains(id.text()))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The count of sets; null if the answer doesn't account for so many lines. */
  @Nullable SetCount count(int lines) {
    Matcher set = SET.matcher(response.body());
    Matcher already = ALREADY.matcher(response.body());
    if (status() != 200 || !set.find() || !already.find()) {
      return null;
    }
    SetCount count =
        new SetCount(Integer.parseInt(set.group(1)), Integer.parseInt(already.group(1)));
    return count.set() + count.already() == lines ? count : null;
  }

  DoorbellException refusal() {
    return new DoorbellException(status(), sentence() + " (status " + status() + ")", null);
  }

  /** The failure for a 2xx answer that isn't a node's. */
  DoorbellException nonsense() {
    String type = response.headers().firstValue("Content-Type").orElse("");
    return nonsense("it answered " + status() + (type.isEmpty() ? "" : " with " + type));
  }

  DoorbellException nonsense(String why) {
    return new DoorbellException(
        status(), response.uri() + " is not a Doorbell node: " + why + ".", null);
  }

  /** The coding of the body, though the request asked for none; empty if there is none. */
  String coding() {
    String coding = response.headers().firstValue("Content-Encoding").orElse("").strip();
    return coding.equalsIgnoreCase("identity") ? "" : coding;
  }

  /** The time of Retry-After, given in seconds or as a date; zero if there is none. */
  Duration retryAfter() {
    String value = response.headers().firstValue("Retry-After").orElse("").strip();
    Duration wait = Duration.ZERO;
    if (SECONDS.matcher(value).matches()) {
      boolean isHuge = value.replaceFirst("^0+", "").length() > 9;
      wait = isHuge ? Options.LONGEST_RETRY_AFTER : Duration.ofSeconds(Long.parseLong(value));
    } else if (!value.isEmpty()) {
      Instant date = date(value);
      // The date counts by the sender's clock, if the answer tells the time.
      Instant now = date(response.headers().firstValue("Date").orElse(""));
      wait = date == null ? wait : Duration.between(now == null ? Instant.now() : now, date);
    }
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(Options.LONGEST_RETRY_AFTER) < 0 ? wait : Options.LONGEST_RETRY_AFTER;
  }

  private static @Nullable Instant date(String text) {
    try {
      return ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  private String sentence() {
    if (status() >= 300 && status() < 400) {
      String place = response.headers().firstValue("Location").orElse("nowhere");
      return "A redirect to " + place + " is not followed.";
    }
    Matcher detail = DETAIL.matcher(response.body());
    String type = response.headers().firstValue("Content-Type").orElse("text/plain");
    boolean isText = type.startsWith("text/plain") && coding().isEmpty();
    String text = isText ? response.body().strip() : "";
    String sentence = detail.find() ? unescaped(detail.group(1)) : text;
    if (sentence.isEmpty()) { // a node's refusal has a sentence
      return response.uri() + (isPassing() ? " refused." : " is not a Doorbell node.");
    }
    return sentence.length() <= LONGEST_SENTENCE
        ? sentence
        : sentence.substring(0, LONGEST_SENTENCE) + "…";
  }

  private static String unescaped(String json) {
    return ESCAPE.matcher(json).replaceAll(m -> Matcher.quoteReplacement(character(m)));
  }

  private static String character(MatchResult escape) {
    if (escape.group(1) != null) {
      return String.valueOf((char) Integer.parseInt(escape.group(1), 16));
    }
    return switch (escape.group(2)) {
      case "n", "r", "t", "b", "f" -> " ";
      default -> escape.group(2);
    };
  }
}
