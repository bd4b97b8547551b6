package doorbell.http;

/** Every fixed limit of a connection, with the reason for it. The adjustable ones are options. */
public final class HttpLimits {
  /** A request line, in bytes: room for 64 sealed ids; more is no id list. Answered 414. */
  public static final int REQUEST_LINE = 8_192;

  /** All header fields of a request, in bytes: what browsers send, cookies too. Answered 431. */
  public static final int HEADER_FIELDS = 16_384;

  /**
   * All fields of a request over HTTP/2 as RFC 9113 counts them: room to refuse more than {@link
   * #REQUEST_LINE} and {@link #HEADER_FIELDS} in our own words; beyond it the codec does.
   */
  public static final int HEADER_LIST = 65_536;

  /** Ids in one wait: a page seldom has more sources; each costs a link. */
  public static final int IDS_PER_WAIT = 64;

  /** Body of anything but a bulk set, in bytes: it is ignored, or is a key. Answered 413. */
  public static final int BODY = 65_536;

  /** A message over WebSocket, in bytes: 1,000 sealed ids in one line fit. Closed by 1009. */
  public static final int MESSAGE = 65_536;

  /**
   * What a client of HTTP/2 may have the node do for nothing, in cancelled waits for one id, about
   * 10 microseconds each; but at least 5 for each of its streams, so that all may be cancelled at
   * once. More is a flood: CVE-2023-44487, CVE-2025-8671.
   */
  public static final int ALLOWANCE = 5_000;

  /**
   * How much of it a second gives back: a busy proxy cancels so many, and a core does 1 percent.
   */
  public static final int ALLOWANCE_PER_SECOND = 1_000;

  /** The cost of a stream that ends without an answer, and with nothing left to do for it. */
  public static final int CANCEL_COST = 1;

  /** Streams whose windows a change of settings moves at the cost of one cancelled wait. */
  public static final int STREAMS_PER_COST = 16;

  /** The cost of a stream that breaks a rule of HTTP/2: no client's usual life. */
  public static final int BROKEN_COST = 25;

  /** Sets over one WebSocket that the store has not answered; its client is not read meanwhile. */
  public static final int SETS_IN_FLIGHT = 1_024;

  /**
   * Silence of a WebSocket's client after which it is asked whether it is there, in milliseconds.
   */
  public static final int PING_MILLIS = 30_000;

  /** The longest silence of an event stream, in milliseconds: proxies cut after 30 s and more. */
  public static final int EVENTS_SILENCE_MILLIS = 15_000;

  /** Lines of a bulk set: it holds a loop for some milliseconds. Answered 413. */
  public static final int BULK_LINES = 10_000;

  /** Body of a bulk set, in bytes: 10,000 sealed ids with the longest keys fit. Answered 413. */
  public static final int BULK_BODY = 2_097_152;

  /** Bytes that a client may send behind a parked wait. They are served after it. */
  public static final int BEHIND_A_WAIT = 16_384;

  /** Characters of a number of seconds: more digits tell nothing. */
  public static final int SECONDS_TEXT = 20;

  /** The longest {@code spread}, in seconds: a wake that takes longer is no wake. */
  public static final int SPREAD_SECONDS = 3_600;

  /** How long a set may take before its caller is told to try again, in milliseconds. */
  public static final int SET_MILLIS = 10_000;

  /** How long a refused client may go on sending before it is cut off, in milliseconds. */
  public static final int LINGER_MILLIS = 2_000;

  /** When a client that was refused for want of room should come back, in seconds. */
  public static final int RETRY_SECONDS = 5;

  private HttpLimits() {}
}
