package doorbell.http;

/** Every fixed limit of a connection, with the reason for it. The adjustable ones are options. */
final class Limits {
  /** A request line, in bytes: room for 64 sealed ids; more is no id list. Answered 414. */
  static final int REQUEST_LINE = 8_192;

  /** All header fields of a request, in bytes: what browsers send, cookies too. Answered 431. */
  static final int HEADER_FIELDS = 16_384;

  /**
   * All fields of a request over HTTP/2 as RFC 9113 counts them: room to refuse more than {@link
   * #REQUEST_LINE} and {@link #HEADER_FIELDS} in our own words; beyond it the codec does.
   */
  static final int HEADER_LIST = 65_536;

  /** Ids in one wait: a page seldom has more sources; each costs a link. */
  static final int IDS_PER_WAIT = 64;

  /** Body of anything but a bulk set, in bytes: it is ignored, or is a key. Answered 413. */
  static final int BODY = 65_536;

  /** A message over WebSocket, in bytes: 1,000 sealed ids in one line fit. Closed by 1009. */
  static final int MESSAGE = 65_536;

  /**
   * What a client of HTTP/2 may have the node do for nothing, in cancelled waits for one id, about
   * 10 microseconds each; but at least 5 for each of its streams, so that all may be cancelled at
   * once. More is a flood: CVE-2023-44487, CVE-2025-8671.
   */
  static final int ALLOWANCE = 5_000;

  /**
   * How much of it a second gives back: a busy proxy cancels so many, and a core does 1 percent.
   */
  static final int ALLOWANCE_PER_SECOND = 1_000;

  /** The cost of a stream that ends without an answer, and with nothing left to do for it. */
  static final int CANCEL_COST = 1;

  /** Ids of a cancelled wait that cost as much again. */
  static final int IDS_PER_COST = 16;

  /** The cost of a cancelled set: the store keeps it all the same. */
  static final int SET_COST = 5;

  /** The cost of a stream that breaks a rule of HTTP/2: no client's usual life. */
  static final int BROKEN_COST = 25;

  /** How often the files of the certificate are looked at, in milliseconds. */
  static final int RELOAD_MILLIS = 2_000;

  /** Sets over one WebSocket that the store has not answered; its client is not read meanwhile. */
  static final int SETS_IN_FLIGHT = 1_024;

  /**
   * Silence of a WebSocket's client after which it is asked whether it is there, in milliseconds.
   */
  static final int PING_MILLIS = 30_000;

  /** The longest silence of an event stream, in milliseconds: proxies cut after 30 s and more. */
  static final int EVENTS_SILENCE_MILLIS = 15_000;

  /** Lines of a bulk set: it holds a loop for some milliseconds. Answered 413. */
  static final int BULK_LINES = 10_000;

  /** Body of a bulk set, in bytes: 10,000 sealed ids with the longest keys fit. Answered 413. */
  static final int BULK_BODY = 2_097_152;

  /** Bytes that a client may send behind a parked wait. They are served after it. */
  static final int BEHIND_A_WAIT = 16_384;

  /** Bytes of a client that holds little: it is refused last when memory is short. */
  static final int LITTLE = 2_048;

  /**
   * Bytes that a connection may hold when memory is short: more than what an answer takes on its
   * way, so that only those are cut off who don't read, or don't finish what they say.
   */
  static final int HELD = 8_192;

  /** Bytes of a client that HTTP/2 takes in one go: each may be answered by a multiple of it. */
  static final int FRAMES = 4_096;

  /** Characters of a number of seconds: more digits tell nothing. */
  static final int SECONDS_TEXT = 20;

  /** The longest {@code spread}, in seconds: a wake that takes longer is no wake. */
  static final int SPREAD_SECONDS = 3_600;

  /** How long a set may take before its caller is told to try again, in milliseconds. */
  static final int SET_MILLIS = 10_000;

  /** How long a refused client may go on sending before it is cut off, in milliseconds. */
  static final int LINGER_MILLIS = 2_000;

  /** When a client that was refused for want of room should come back, in seconds. */
  static final int RETRY_SECONDS = 5;

  /** Operations that an io_uring takes in one system call: a pass of wakeups. */
  static final int RING = 512;

  /** Sets that a loop gathers for one write of the store: a pass of the loop may be long. */
  static final int SETS_PER_FLUSH = 64;

  /** Bytes that a loop reads from a socket at once: what a turn leaves of them is copied. */
  static final int INPUT = 8_192;

  /** Connections waiting to be accepted: a crowd that was woken comes back at once. */
  static final int ACCEPT_BACKLOG = 4_096;

  /** When to accept again after the system refused to, in milliseconds. */
  static final int ACCEPT_AGAIN_MILLIS = 200;

  /**
   * Files that clients leave for the store and for the JVM, which dies of a class it can't load.
   */
  static final int SPARE_FILES = 32;

  /** Clients that a node has files for at least, or it doesn't start: it would listen in vain. */
  static final int LEAST_CLIENTS = 16;

  /** Silence after which the kernel asks whether a peer still lives, in seconds. */
  static final int KEEP_ALIVE_IDLE_SECONDS = 60;

  /** Time between the kernel's questions, in seconds. */
  static final int KEEP_ALIVE_INTERVAL_SECONDS = 10;

  /** Unanswered questions after which the peer is dead. */
  static final int KEEP_ALIVE_PROBES = 6;

  /** How long an answer may stay unacknowledged before the peer is dead, in milliseconds. */
  static final int USER_TIMEOUT_MILLIS = 60_000;

  /** Waiters answered in one go before the loop looks at its other clients. */
  static final int WAKES_PER_PASS = RING;

  private Limits() {}
}
