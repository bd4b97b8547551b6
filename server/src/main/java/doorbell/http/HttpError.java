package doorbell.http;

import doorbell.access.AccessException;
import doorbell.event.StoreException;
import doorbell.limit.QuotaException;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** An error response: a status, one plain sentence, and header fields if needed. */
public final class HttpError extends Exception {
  private static final long serialVersionUID = 1;

  public final int status;

  /** Header fields: names and values in turn. */
  final String[] fields;

  /** True if the response is a page, for people at a browser. */
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

  /** The same error, as a page if {@code accept} is a browser's. */
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

  /** The error response to a failed wait or set. */
  public static HttpError of(Throwable failure) {
    if (failure instanceof HttpError error) {
      return error;
    }
    if (failure instanceof AccessException refused) {
      return of(refused);
    }
    return failure instanceof QuotaException noRoom ? of(noRoom) : forNow(503, sentence(failure));
  }

  private static HttpError of(QuotaException noRoom) {
    long seconds = TimeUnit.NANOSECONDS.toSeconds(noRoom.retryNanos) + 1;
    return forNow(
        noRoom.limit.isOfAddress() ? 429 : 503,
        String.valueOf(noRoom.getMessage()),
        noRoom.retryNanos == 0 ? HttpLimits.RETRY_SECONDS : seconds);
  }

  private static HttpError of(AccessException refused) {
    String sentence = String.valueOf(refused.getMessage());
    return switch (refused.reason) {
      case ID -> new HttpError(400, sentence);
      case NO_TOKEN -> new HttpError(401, sentence, "WWW-Authenticate", "Bearer");
      case FORBIDDEN -> new HttpError(403, sentence);
      case QUOTA -> forNow(429, sentence, refused.retrySeconds);
    };
  }

  /** The error of a part of a request: its sentence begins with the part's name. */
  public static HttpError of(Exception refused, String name) {
    HttpError error = of(refused);
    return new HttpError(error.status, name + ": " + error.sentence(), error.fields);
  }

  /** The error response after the store was closed: the next node is there, or soon will be. */
  static HttpError isEnding() {
    return new HttpError(
        503,
        "this node ends, and its store is closed; try again",
        "Retry-After",
        "1",
        "Access-Control-Expose-Headers",
        "Retry-After");
  }

  static HttpError forNow(int status, String sentence) {
    return forNow(status, sentence, HttpLimits.RETRY_SECONDS);
  }

  /**
   * An error for now, with a random time between once and twice {@code seconds}: clients that take
   * it as it is don't come back together. Scripts of other origins may read {@code Retry-After}
   * too.
   */
  private static HttpError forNow(int status, String sentence, long seconds) {
    int least = (int) Math.min(seconds, HttpLimits.MOST_RETRY_SECONDS);
    int spread = ThreadLocalRandom.current().nextInt(least + 1);
    return new HttpError(
        status,
        sentence,
        "Retry-After",
        Integer.toString(least + spread),
        "Access-Control-Expose-Headers",
        "Retry-After");
  }

  /** A failed store's sentence for the client; details of any other failure are not told. */
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
