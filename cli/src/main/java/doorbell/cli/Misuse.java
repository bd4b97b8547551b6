package doorbell.cli;

/** A command line that can't be meant, told in one sentence. */
final class Misuse extends RuntimeException {
  private static final long serialVersionUID = 1;

  Misuse(String sentence) {
    super(sentence);
  }
}
