package doorbell.cli.run;

import java.nio.charset.Charset;

/** What a line of a report begins with. */
public enum Verdict {
  GOOD("\u2713", "ok "),
  BAD("\u2717", "BAD"),
  /** Neither of both: a note, or a check that was not tried. */
  NEITHER("\u2013", "-  ");

  private final String mark;
  private final String word;

  Verdict(String mark, String word) {
    this.mark = mark;
    this.word = word;
  }

  /** The mark, or where an output has no such characters a word; all of them have one length. */
  public String mark(Charset charset) {
    return charset.newEncoder().canEncode(mark) ? mark : word;
  }
}
