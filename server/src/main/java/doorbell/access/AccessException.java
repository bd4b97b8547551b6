package doorbell.access;

/** A request that may not be done, or not now. The message is a single sentence for the client. */
public final class AccessException extends Exception {
  private static final long serialVersionUID = 1;
  private static final long SECOND = 1_000_000_000;

  /** A client that is told a longer time would not come back. */
  private static final int MOST_SECONDS = 86_400;

  /** The reason of a refusal. */
  public enum Reason {
    /** The id is none that this node takes. */
    ID,
    /** A set came without a token. */
    NO_TOKEN,
    /** The set is not allowed to this client, or not here. */
    FORBIDDEN,
    /** The token's quota is used up for now. */
    QUOTA
  }

  public final Reason reason;

  /** The time after which the client may try again, in seconds; 0 but for a quota. */
  public final int retrySeconds;

  AccessException(Reason reason, String sentence) {
    this(reason, sentence, 0);
  }

  private AccessException(Reason reason, String sentence, int retrySeconds) {
    super(sentence, null, false, false);
    this.reason = reason;
    this.retrySeconds = retrySeconds;
  }

  static AccessException quota(String sentence, long nanos) {
    long seconds = (nanos + SECOND - 1) / SECOND;
    return new AccessException(Reason.QUOTA, sentence, (int) Math.min(seconds, MOST_SECONDS));
  }
}
