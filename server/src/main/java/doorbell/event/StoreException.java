package doorbell.event;

import org.jspecify.annotations.Nullable;

/** The store can't keep or look up a set now. The message is a single sentence for the client. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
