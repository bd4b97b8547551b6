package doorbell.client;

import org.jspecify.annotations.Nullable;

/**
 * A node refused, or a set found no node that took it in time. The message is the node's own
 * sentence where it gave one.
 */
public final class DoorbellException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;

  DoorbellException(int status, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  static DoorbellException of(String sentence, @Nullable Throwable cause) {
    if (cause instanceof DoorbellException refusal) {
      return new DoorbellException(refusal.status, sentence + " " + cause.getMessage(), cause);
    }
    return new DoorbellException(0, cause == null ? sentence : sentence + " " + cause, cause);
  }

  /** The HTTP status of the last answer, or 0 where there was none. */
  public int status() {
    return status;
  }
}
