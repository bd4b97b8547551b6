package doorbell.http;

import io.netty.util.internal.PlatformDependent;

/**
 * The shares of the JVM's memory, unless options say otherwise: 3/8 of the heap for parked waits,
 * 1/4 for other bytes of clients, 5/32 for the sets of the store in memory; the rest for
 * connections and for the node itself.
 */
public final class Memory {
  /**
   * Heap for each id of a wait at worst, in bytes. Measured: 256 over HTTP/1.1 with the connection,
   * 108 over WebSocket, 465 over HTTP/2 with the stream, about 130 for a further id; an id in
   * another spelling and a callback add up to 200.
   */
  static final int WAIT = 512;

  /** Bytes of an unfinished request, with the decoder. */
  public static final int REQUEST = 1_024;

  /** Bytes of each id of an unfinished request, in an unusual spelling. */
  static final int ID = 160;

  /** Bytes of a line of an unfinished head: name and value as objects. */
  public static final int FIELD = 192;

  private static final long HEAP = Runtime.getRuntime().maxMemory();

  private Memory() {}

  /** The most connected clients: as many as waits, since an idle client takes less memory. */
  public static int clients() {
    return waits();
  }

  /** The most parked waits. */
  public static int waits() {
    return (int) Math.min(Integer.MAX_VALUE, HEAP / 8 * 3 / WAIT);
  }

  /** The most bytes that clients may make the node hold, on the heap and outside together. */
  public static long buffered() {
    return Math.min(HEAP, PlatformDependent.maxDirectMemory()) / 4;
  }

  /** Bytes held for clients, as an estimate: waits at worst, and everything else. */
  public static long held(int waits, long buffered) {
    return (long) waits * WAIT + buffered;
  }

  /** Bytes of the largest heap. */
  public static long heap() {
    return HEAP;
  }
}
