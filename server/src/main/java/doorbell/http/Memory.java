package doorbell.http;

import io.netty.util.internal.PlatformDependent;

/**
 * How the memory that the JVM may take is shared out, unless options say otherwise: 3/8 of the heap
 * are for parked waits, 1/4 is for other bytes of clients, 5/32 for the sets that the store in
 * memory remembers; the rest is for connections and for the node itself.
 */
public final class Memory {
  /**
   * Heap that a wait takes at worst, for each of its ids, in bytes. Measured: 256 over HTTP/1.1
   * with its connection, 108 over WebSocket, 465 over HTTP/2 with its stream, some 130 for a
   * further id; an id in another spelling and a callback add up to 200.
   */
  static final int WAIT = 512;

  /** A request that isn't whole, with its decoder. */
  public static final int REQUEST = 1_024;

  /** Each id of such a request, in a spelling of its own. */
  static final int ID = 160;

  /** A line of a head that isn't whole: its name and value as objects. */
  public static final int FIELD = 192;

  private static final long HEAP = Runtime.getRuntime().maxMemory();

  private Memory() {}

  /** How many clients may be connected: as many as waits, since an idle one takes less. */
  public static int clients() {
    return waits();
  }

  /** How many waits may be parked. */
  static int waits() {
    return (int) Math.min(Integer.MAX_VALUE, HEAP / 8 * 3 / WAIT);
  }

  /** How many bytes clients may make the node hold, on the heap and outside of it together. */
  static long buffered() {
    return Math.min(HEAP, PlatformDependent.maxDirectMemory()) / 4;
  }

  /** About what clients make the node hold, in bytes: waits at their worst, and all else. */
  public static long held(int waits, long buffered) {
    return (long) waits * WAIT + buffered;
  }

  static long heap() {
    return HEAP;
  }
}
