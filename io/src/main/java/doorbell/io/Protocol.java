package doorbell.io;

import io.netty.buffer.ByteBuf;

/** One protocol on a {@link Endpoint}, which tells it what comes. Belongs to its loop's thread. */
public interface Protocol {
  /** The endpoint is there. */
  void onOpen();

  /** Takes {@code bytes}, which are the caller's again afterwards. */
  void onBytes(ByteBuf bytes);

  /** For now, no more bytes come. */
  void onReadEnd();

  /**
   * The client sends no more, and may have gone: its whole requests are done and answered, nothing
   * is waited for, and then the endpoint is closed.
   */
  void onEnd();

  /** There is room for answers again. */
  void onWritable();

  /** The endpoint is closed, and takes nothing any more. */
  void onClosed();
}
