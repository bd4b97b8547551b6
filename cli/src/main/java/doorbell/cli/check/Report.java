package doorbell.cli.check;

import doorbell.cli.run.Columns;
import doorbell.cli.run.Verdict;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/**
 * What was found, in lines for a terminal.
 *
 * @param charset the terminal's: it has a tick and a cross, or hasn't
 */
record Report(long waits, List<Finding> findings, Charset charset) {
  boolean isGood() {
    return findings.stream().noneMatch(one -> one.verdict() == Verdict.BAD);
  }

  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("For " + Numbers.grouped(waits) + " waits, each on a connection of its own:");
    lines.add("");
    for (Finding finding : findings) {
      String head = finding.verdict().mark(charset) + " ";
      lines.addAll(Columns.hanging(head, finding.what() + ": " + finding.text()));
      for (Mend mend : finding.mends()) {
        lines.addAll(whole("    now:      ", mend.now()));
        lines.addAll(whole("    for good: ", mend.forGood()));
      }
    }
    lines.add("");
    lines.addAll(Columns.hanging("", end()));
    return lines;
  }

  /** Commands are for pasting, so their lines stay as they are. */
  private static List<String> whole(String head, String commands) {
    return (head + commands.replace("\n", "\n" + " ".repeat(head.length()))).lines().toList();
  }

  private String end() {
    if (isGood()) {
      return "This host can hold them.";
    }
    long most = findings.stream().mapToLong(Finding::most).min().orElse(0);
    return most > 0
        ? "This host can't hold them; as it is, it can hold " + Numbers.grouped(most) + "."
        : "This host can't hold them as it is.";
  }
}
