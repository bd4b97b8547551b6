package doorbell.io;

/** All fixed limits of the sockets, each with the reason. */
public final class IoLimits {
  /** Time between two looks at the certificate's files, in milliseconds. */
  public static final int RELOAD_MILLIS = 2_000;

  /**
   * Bytes that a connection may hold when memory is short: more than an answer takes on the way, so
   * that only clients are cut off that don't read, or don't finish sending a request.
   */
  public static final int HELD = 8_192;

  /** Bytes of a client that HTTP/2 takes in one go: each byte may be answered by many. */
  public static final int FRAMES = 4_096;

  /** Operations that an io_uring takes in one system call: a pass of wakeups. */
  public static final int RING = 512;

  /** Bytes that a loop reads from a socket at once: bytes that a turn leaves are copied. */
  public static final int INPUT = 8_192;

  /**
   * Bytes that the kernel is asked to keep of a client that doesn't read; Linux keeps twice as
   * many, with what it needs for them. Without this limit it keeps 4 MiB.
   */
  public static final int KERNEL_UNSENT = 65_536;

  /**
   * Bytes that the kernel is asked to keep of what a client sent and the node doesn't read; Linux
   * takes twice as many, with what it needs for them. Without this limit it keeps up to 32 MiB of a
   * client that was read fast before.
   */
  public static final int KERNEL_UNREAD = 131_072;

  /** Connections waiting to be accepted: a crowd that was woken comes back at once. */
  public static final int ACCEPT_BACKLOG = 4_096;

  /** Time until the next accept after the system refused, in milliseconds. */
  public static final int ACCEPT_AGAIN_MILLIS = 200;

  /**
   * Files that clients leave for the store and for the JVM, which dies of a class that can't be
   * loaded.
   */
  public static final int SPARE_FILES = 32;

  /**
   * Fewest clients that a node must have files for: with fewer, the node would listen in vain, and
   * doesn't start.
   */
  public static final int LEAST_CLIENTS = 16;

  /** Silence after which the kernel asks whether a peer still lives, in seconds. */
  public static final int KEEP_ALIVE_IDLE_SECONDS = 60;

  /** Time between the kernel's questions, in seconds. */
  public static final int KEEP_ALIVE_INTERVAL_SECONDS = 10;

  /** Unanswered questions after which the peer is dead. */
  public static final int KEEP_ALIVE_PROBES = 6;

  /** Time after which an unacknowledged answer means that the peer is dead, in milliseconds. */
  public static final int USER_TIMEOUT_MILLIS = 60_000;

  private IoLimits() {}
}
