package doorbell.http;

import doorbell.event.StoreException;
import doorbell.wait.QuotaException;
import java.util.List;
import java.util.concurrent.CompletionException;

/** A request that gets an error: its status, one plain sentence, and fields where they are due. */
public final class HttpError extends Exception {
  private static final long serialVersionUID = 1;

  final int status;

  /** Names and values in turn. */
  final String[] fields;

  /** Whether people will read it, in a browser. */
  final boolean asPage;

  public HttpError(int status, String sentence, String... fields) {
    this(false, status, sentence, fields);
  }

  private HttpError(boolean asPage, int status, String sentence, String... fields) {
    super(sentence, null, false, false);
    this.asPage = asPage;
    this.status = status;
    this.fields = fields;
  }

  /** The same, as a page if such a browser asks. */
  HttpError inFormFor(List<String> accept) {
    return Accept.prefersPage(accept) ? new HttpError(true, status, sentence(), fields) : this;
  }

  static HttpError method(String allowed) {
    return new HttpError(405, "this path takes " + allowed, "Allow", allowed);
  }

  public static HttpError behindAWait() {
    return new HttpError(
        413, "at most " + HttpLimits.BEHIND_A_WAIT + " bytes may follow a wait before its end");
  }

  public static HttpError memoryIsShort() {
    return forNow(503, "this node holds as much for its clients as it may; try later");
  }

  /** What a wait or a set failed by. */
  static HttpError of(Throwable failure) {
    return failure instanceof QuotaException noRoom
        ? forNow(noRoom.ofAddress ? 429 : 503, String.valueOf(noRoom.getMessage()))
        : forNow(503, sentence(failure));
  }

  /** Pages on other origins may read when to come back, too. */
  static HttpError forNow(int status, String sentence) {
    return new HttpError(
        status,
        sentence,
        "Retry-After",
        Integer.toString(HttpLimits.RETRY_SECONDS),
        "Access-Control-Expose-Headers",
        "Retry-After");
  }

  /** What a failed store says to its client; the inside of any other failure is not told. */
  public static String sentence(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof StoreException && cause.getMessage() != null
        ? cause.getMessage()
        : "the store failed; try again";
  }

  public String sentence() {
    return String.valueOf(getMessage());
  }
}
