package doorbell.cli.options;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A guess at the word that a misspelt word stands for. */
final class Guess {
  private Guess() {}

  /**
   * The nearest known word, in any case and with any dashes; null if each known word takes more
   * than {@code mostSlips} slips, or slips in more than half of the letters.
   */
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

  /** The number of letters that are put in, left out or changed. */
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
