package doorbell.http;

import io.netty.buffer.ByteBuf;

/**
 * An answer that may take a while: a wait, or a set being stored. Belongs to its connection's loop,
 * and tells the connection by {@link Connection#onDecided} when it is there.
 */
interface Pending {
  /** Starts; it may be decided when this returns. */
  void begin();

  /** There is an answer, and nothing to wait for. */
  boolean isDecided();

  /** How long the connection waits for it, in milliseconds, before it ends it. */
  long holdMillis();

  /** Ends it: the answer, as things stand. Called once, unless it is abandoned. */
  ByteBuf end();

  /** Ends it with nobody to tell. */
  void abandon();
}
