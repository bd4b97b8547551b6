package doorbell.cli.check;

import doorbell.cli.run.Verdict;
import java.util.List;

/**
 * What was found of one thing that a node needs.
 *
 * @param what the thing, in a word or three
 * @param text what was found, and what is needed
 * @param most the most waits that this thing allows; {@link Long#MAX_VALUE} if any number
 * @param mends what mends it; none where all is well
 */
record Finding(Verdict verdict, String what, String text, long most, List<Mend> mends) {
  static Finding good(String what, String text) {
    return new Finding(Verdict.GOOD, what, text, Long.MAX_VALUE, List.of());
  }

  static Finding note(String what, String text, Mend... mends) {
    return new Finding(Verdict.NEITHER, what, text, Long.MAX_VALUE, List.of(mends));
  }

  /** A finding that is bad if there is less room than {@code waits} need. */
  static Finding of(Need need, String what, String text, Mend... mends) {
    return need.most() >= need.waits()
        ? new Finding(Verdict.GOOD, what, text, need.most(), List.of())
        : new Finding(Verdict.BAD, what, text, Math.max(0, need.most()), List.of(mends));
  }

  /** A thing that this system doesn't tell of. */
  static Finding untold(String what) {
    return note(what, "not told by this system");
  }

  /** The waits that a node shall hold, and those that one thing allows. */
  record Need(long waits, long most) {}
}
