package doorbell.io;

/** Every fixed limit of the sockets, with the reason for it. */
public final class IoLimits {
  /** How often the files of the certificate are looked at, in milliseconds. */
  public static final int RELOAD_MILLIS = 2_000;

  /**
   * Bytes that a connection may hold when memory is short: more than what an answer takes on its
   * way, so that only those are cut off who don't read, or don't finish what they say.
   */
  public static final int HELD = 8_192;

  /** Bytes of a client that HTTP/2 takes in one go: each may be answered by a multiple of it. */
  public static final int FRAMES = 4_096;

  /** Operations that an io_uring takes in one system call: a pass of wakeups. */
  public static final int RING = 512;

  /** Bytes that a loop reads from a socket at once: what a turn leaves of them is copied. */
  public static final int INPUT = 8_192;

  /** Connections waiting to be accepted: a crowd that was woken comes back at once. */
  public static final int ACCEPT_BACKLOG = 4_096;

  /** When to accept again after the system refused to, in milliseconds. */
  public static final int ACCEPT_AGAIN_MILLIS = 200;

  /**
   * Files that clients leave for the store and for the JVM, which dies of a class it can't load.
   */
  public static final int SPARE_FILES = 32;

  /** Clients that a node has files for at least, or it doesn't start: it would listen in vain. */
  public static final int LEAST_CLIENTS = 16;

  /** Silence after which the kernel asks whether a peer still lives, in seconds. */
  public static final int KEEP_ALIVE_IDLE_SECONDS = 60;

  /** Time between the kernel's questions, in seconds. */
  public static final int KEEP_ALIVE_INTERVAL_SECONDS = 10;

  /** Unanswered questions after which the peer is dead. */
  public static final int KEEP_ALIVE_PROBES = 6;

  /** How long an answer may stay unacknowledged before the peer is dead, in milliseconds. */
  public static final int USER_TIMEOUT_MILLIS = 60_000;

  private IoLimits() {}
}
