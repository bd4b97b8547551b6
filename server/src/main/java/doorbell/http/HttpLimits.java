package doorbell.http;

/** Every fixed limit of a connection, with the reason. Adjustable limits are options. */
public final class HttpLimits {
  /** A request line, in bytes: room for 64 sealed ids; more is no id list. Answered 414. */
  public static final int REQUEST_LINE = 8_192;

  /** All header fields of a request, in bytes: room for a browser's, with cookies. Answered 431. */
  public static final int HEADER_FIELDS = 16_384;

  /**
   * All fields of a request over HTTP/2, counted as in RFC 9113. Below this limit the node refuses
   * more than {@link #REQUEST_LINE} and {@link #HEADER_FIELDS} in our own words; above, the codec
   * refuses.
   */
  public static final int HEADER_LIST = 65_536;

  /** Ids in a wait: a page seldom has more sources, and each id costs a link. */
  public static final int IDS_PER_WAIT = 64;

  /** Body of any request but a bulk set, in bytes: ignored, or a key. Answered 413. */
  public static final int BODY = 65_536;

  /** A message over WebSocket, in bytes: a line of 1,000 sealed ids fits. Closed by 1009. */
  public static final int MESSAGE = 65_536;

  /**
   * Work that a client of HTTP/2 may cause for nothing, in cancelled waits for a single id, about
   * 10 microseconds each; but at least 5 for each stream, so that all streams may be cancelled at
   * once. More is a flood: CVE-2023-44487, CVE-2025-8671.
   */
  public static final int ALLOWANCE = 5_000;

  /**
   * Part of {@link #ALLOWANCE} that a second gives back: so many waits a busy proxy cancels, at 1
   * percent of a core.
   */
  public static final int ALLOWANCE_PER_SECOND = 1_000;

  /**
   * The cost of a stream that ends without a response or further work; also of an empty data frame,
   * or of new settings.
   */
  public static final int CANCEL_COST = 1;

  /** Streams per unit of cost when a change of settings moves the windows of all streams. */
  public static final int STREAMS_PER_COST = 16;

  /** The cost of a stream that breaks a rule of HTTP/2, which no client does in normal use. */
  public static final int BROKEN_COST = 25;

  /**
   * Frames of control per unit of cost: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM and
   * unknown ones, about a microsecond each.
   */
  public static final int CONTROLS_PER_COST = 8;

  /**
   * Frames of control that go with each request for nothing: a proxy moves two windows for each
   * answer. Up to {@link #ALLOWANCE} of them are saved up.
   */
  public static final int CONTROLS_PER_REQUEST = 8;

  /** Pings and settings of a client of HTTP/2 that doesn't read the answers: more is a flood. */
  public static final int UNREAD_QUESTIONS = 1_000;

  /**
   * The time that an answer over HTTP/2 waits for a window, in milliseconds; then its stream is
   * reset.
   */
  public static final int WINDOW_MILLIS = 30_000;

  /** Sets over a WebSocket that the store has not answered; at this limit the client isn't read. */
  public static final int SETS_IN_FLIGHT = 1_024;

  /** Silence of a WebSocket's client before a ping, in milliseconds. */
  public static final int PING_MILLIS = 30_000;

  /** The longest silence of an event stream, in milliseconds: proxies cut after 30 s and more. */
  public static final int EVENTS_SILENCE_MILLIS = 15_000;

  /** Lines of a bulk set: some milliseconds of a loop's work. Answered 413. */
  public static final int BULK_LINES = 10_000;

  /** Body of a bulk set, in bytes: 10,000 sealed ids with the longest keys fit. Answered 413. */
  public static final int BULK_BODY = 2_097_152;

  /** Bytes that a client may send behind a parked wait, to be served afterwards. */
  public static final int BEHIND_A_WAIT = 16_384;

  /** Characters of a number of seconds: more digits tell nothing. */
  public static final int SECONDS_TEXT = 20;

  /** The longest {@code spread}, in seconds: a wake that takes longer is no wake. */
  public static final int SPREAD_SECONDS = 3_600;

  /** The time that a set may take before the client is told to try again, in milliseconds. */
  public static final int SET_MILLIS = 10_000;

  /** The silence of a client after the last response, before the cut, in milliseconds. */
  public static final int LINGER_MILLIS = 5_000;

  /** Times of {@link #LINGER_MILLIS} in which a refused client may go on sending: 30 s. */
  public static final int LINGERS = 6;

  /**
   * The least delay before a client that was refused for want of room should retry, in seconds.
   * Each is told a time of its own, up to twice as long.
   */
  public static final int RETRY_SECONDS = 5;

  /** The longest of such delays, before it is spread: our clients wait for no longer. */
  public static final int MOST_RETRY_SECONDS = 300;

  /**
   * The time in which a refused connection may send its request, in milliseconds; then it is
   * answered without one.
   */
  public static final int REFUSED_MILLIS = 2_000;

  private HttpLimits() {}
}
