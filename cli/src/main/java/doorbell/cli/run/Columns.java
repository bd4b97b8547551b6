package doorbell.cli.run;

import java.util.ArrayList;
import java.util.List;

/** Text for a terminal of 80 columns. */
public final class Columns {
  private static final int MOST = 80;

  private Columns() {}

  /** Lines of which the first begins with that, and the others with as much space. */
  public static List<String> hanging(String head, String text) {
    List<String> lines = new ArrayList<>();
    String indent = " ".repeat(head.length());
    StringBuilder line = new StringBuilder(head);
    boolean isEmpty = true;
    for (String word : text.split(" ", -1)) {
      if (!isEmpty && line.length() + 1 + word.length() > MOST) {
        lines.add(line.toString());
        line = new StringBuilder(indent);
        isEmpty = true;
      }
      line.append(isEmpty ? "" : " ").append(word);
      isEmpty = false;
    }
    lines.add(line.toString());
    return lines;
  }
}
