package doorbell.limit;

/** A client is beyond a limit. The message is a single sentence for the client. */
public final class QuotaException extends Exception {
  private static final long serialVersionUID = 1;

  public final Limit limit;

  /** Nanoseconds until there is room; 0 if nobody can know. */
  public final long retryNanos;

  /** True for a connection that is closed with its answer: others like it linger already. */
  public final boolean closesAtOnce;

  /** A refusal of a wait, for which there is no place before another wait ends. */
  public QuotaException(Limit limit, String sentence) {
    this(limit, sentence, 0, false);
  }

  QuotaException(Limit limit, String sentence, long retryNanos, boolean closesAtOnce) {
    super(sentence, null, false, false);
    this.limit = limit;
    this.retryNanos = retryNanos;
    this.closesAtOnce = closesAtOnce;
  }
}
