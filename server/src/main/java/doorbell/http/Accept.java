package doorbell.http;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Forms of a response to a wait and of an error; {@code Accept} of a request chooses the form. */
enum Accept {
  JAVASCRIPT,
  JSON,
  EVENTS,
  PROBLEM,
  PAGE;

  /** RFC 9110, 12.4.2. */
  private static final Pattern WEIGHT = Pattern.compile("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)");

  private static final Set<Accept> ANSWERS = EnumSet.of(JAVASCRIPT, JSON, EVENTS);
  private static final Set<Accept> ALL = EnumSet.allOf(Accept.class);

  /** The listed type with the highest weight wins, on a tie the first; wildcards say nothing. */
  static Accept of(List<String> headers) {
    return best(headers, ANSWERS);
  }

  /** True if the headers are a browser's, which shows the response to people. */
  static boolean prefersPage(List<String> headers) {
    return best(headers, ALL) == PAGE;
  }

  private static Accept best(List<String> headers, Set<Accept> forms) {
    double best = 0;
    Accept form = JAVASCRIPT;
    for (String header : headers) {
      for (String range : header.split(",", -1)) {
        String[] parts = range.split(";", -1);
        Accept known = named(parts[0].trim().toLowerCase(Locale.ROOT));
        double weight = known == null || !forms.contains(known) ? 0 : weight(parts);
        if (known != null && weight > best) {
          best = weight;
          form = known;
        }
      }
    }
    return form;
  }

  private static @Nullable Accept named(String type) {
    return switch (type) {
      case "application/json" -> JSON;
      case "text/event-stream" -> EVENTS;
      case "text/javascript", "application/javascript" -> JAVASCRIPT;
      case "application/problem+json" -> PROBLEM;
      case "text/html", "application/xhtml+xml" -> PAGE;
      default -> null;
    };
  }

  private static double weight(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].trim().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("q=")) {
        return WEIGHT.matcher(parameter).matches() ? Double.parseDouble(parameter.substring(2)) : 0;
      }
    }
    return 1;
  }
}
