package doorbell.cli;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The word that was meant by one that is misspelt. */
final class Guess {
  private Guess() {}

  /** The nearest of those known, in any case and with any dashes; null if all have more slips. */
  static @Nullable String of(String word, Collection<String> known, int mostSlips) {
    String nearest = null;
    int least = mostSlips + 1;
    for (String candidate : known) {
      int slips = slips(plain(word), plain(candidate));
      if (slips < least && 2 * slips <= plain(candidate).length()) {
        least = slips;
        nearest = candidate;
      }
    }
    return nearest;
  }

  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", "");
  }

  /** How many letters are put in, left out or changed. */
  private static int slips(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int before = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int changed = before + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        before = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[other.length()];
  }
}
