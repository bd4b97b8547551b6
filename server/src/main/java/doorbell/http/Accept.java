package doorbell.http;

import java.util.List;
import java.util.Locale;

/** Which form of the answer a request's {@code Accept} prefers: JavaScript, unless it says JSON. */
final class Accept {
  private Accept() {}

  /** The listed type with the highest weight wins, on a tie the first; wildcards say nothing. */
  static boolean prefersJson(List<String> headers) {
    double best = 0;
    boolean json = false;
    for (String header : headers) {
      for (String range : header.split(",", -1)) {
        String[] parts = range.split(";", -1);
        String type = parts[0].trim().toLowerCase(Locale.ROOT);
        boolean isJson = type.equals("application/json");
        boolean known =
            isJson || type.equals("text/javascript") || type.equals("application/javascript");
        double weight = known ? weight(parts) : 0;
        if (weight > best) {
          best = weight;
          json = isJson;
        }
      }
    }
    return json;
  }

  private static double weight(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].trim().toLowerCase(Locale.ROOT);
      if (parameter.startsWith("q=")) {
        try {
          return Double.parseDouble(parameter.substring(2));
        } catch (NumberFormatException e) {
          return 0;
        }
      }
    }
    return 1;
  }
}
