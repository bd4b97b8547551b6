package doorbell.client;

import org.jspecify.annotations.Nullable;

/**
 * A node refused, the server that answered is no node, or a set was not taken in time. The message
 * is the node's own sentence if the answer has a sentence.
 */
public final class DoorbellException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;

  DoorbellException(int status, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** An exception with the status of its cause. */
  static DoorbellException of(String sentence, Throwable cause) {
    int status = cause instanceof DoorbellException refusal ? refusal.status : 0;
    return new DoorbellException(status, sentence, cause);
  }

  /** The HTTP status of the last answer, or 0 if there was none. */
  public int status() {
    return status;
  }
}
