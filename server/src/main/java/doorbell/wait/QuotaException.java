package doorbell.wait;

/** A wait finds no room. The message is a single sentence for the client. */
public final class QuotaException extends Exception {
  private static final long serialVersionUID = 1;

  /** The client's address has no room; otherwise the node has none. */
  public final boolean ofAddress;

  QuotaException(boolean ofAddress, String sentence) {
    super(sentence, null, false, false);
    this.ofAddress = ofAddress;
  }
}
