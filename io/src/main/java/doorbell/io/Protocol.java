package doorbell.io;

import io.netty.buffer.ByteBuf;

/**
 * A protocol on an {@link Endpoint}, which passes on all events of the client. Belongs to the
 * loop's thread.
 */
public interface Protocol {
  /** The endpoint is ready. */
  void onOpen();

  /** Takes {@code bytes}; the caller owns the buffer again afterwards. */
  void onBytes(ByteBuf bytes);

  /** No more bytes come for now. */
  void onReadEnd();

  /**
   * The client sends no more, and may have gone: whole requests are done and answered, no wait is
   * parked, and then the endpoint is closed.
   */
  void onEnd();

  /** Room for answers is there again. */
  void onWritable();

  /** The endpoint is closed, and takes nothing any more. */
  void onClosed();
}
