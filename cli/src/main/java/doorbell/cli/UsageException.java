package doorbell.cli;

/** A command line that can't be meant, told in one sentence. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UsageException(String sentence) {
    super(sentence);
  }
}
