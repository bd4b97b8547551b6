package doorbell.http;

import doorbell.event.StoreException;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** A request that gets an error: its status, one plain sentence, and a header where one is due. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  final int status;
  final @Nullable String header;

  Refused(int status, String sentence) {
    this(status, sentence, null);
  }

  private Refused(int status, String sentence, @Nullable String header) {
    super(sentence, null, false, false);
    this.status = status;
    this.header = header;
  }

  static Refused method(String allowed) {
    return new Refused(405, "this path takes " + allowed, "Allow: " + allowed + "\r\n");
  }

  /** Pages on other origins may read when to come back, too. */
  static Refused forNow(int status, String sentence) {
    return new Refused(
        status,
        sentence,
        "Retry-After: "
            + Limits.RETRY_SECONDS
            + "\r\nAccess-Control-Expose-Headers: Retry-After\r\n");
  }

  /** What a failed store says to its client; the inside of any other failure is not told. */
  static String sentence(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof StoreException && cause.getMessage() != null
        ? cause.getMessage()
        : "the store failed; try again";
  }

  String sentence() {
    return String.valueOf(getMessage());
  }
}
