package doorbell.cli.options;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A guess at the word that a misspelt word stands for. */
final class Guess {
  private Guess() {}

  private static final int MOST_SLIPS = 2;

  /** Letters that are the beginning of a word, rather than a word of another kind. */
  private static final int BEGINNING = 4;

  /**
   * The nearest known word, in any case and with any dashes: with two slips at most, and in no more
   * than half of the letters. Otherwise the only known word that begins so; null if there is none.
   */
  static @Nullable String of(String word, Collection<String> known) {
    String nearest = null;
    int least = MOST_SLIPS + 1;
    for (String candidate : known) {
      int slips = slips(plain(word), plain(candidate));
      if (slips < least && 2 * slips <= plain(candidate).length()) {
        least = slips;
        nearest = candidate;
      }
    }
    return nearest == null ? begun(plain(word), known) : nearest;
  }

  private static @Nullable String begun(String beginning, Collection<String> known) {
    List<String> all = known.stream().filter(one -> plain(one).startsWith(beginning)).toList();
    return beginning.length() >= BEGINNING && all.size() == 1 ? all.getFirst() : null;
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
