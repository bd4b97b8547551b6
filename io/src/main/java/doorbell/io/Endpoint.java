package doorbell.io;

import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What carries the bytes of one client, and tells its {@link Protocol} of bytes that came, of room
 * for more, and of the end. Belongs to its loop's thread.
 */
public interface Endpoint {
  /** Bytes that were written and not sent, above which a client doesn't take its answers. */
  int MAX_UNSENT = 65_536;

  /** Whom it tells. */
  Protocol protocol();

  /** From now on it tells {@code next}, which speaks another protocol. */
  void handTo(Protocol next);

  /** The other end; null if it is gone. */
  @Nullable InetSocketAddress client();

  /** Takes bytes, to be sent by the next {@link #flush}. */
  void write(ByteBuf bytes);

  void flush();

  /** Whether the client takes its answers. Who is told no is told when there is room again. */
  boolean isWritable();

  /** Bytes that were written, and that the kernel hasn't taken yet. */
  int held();

  /** Whether the kernel has all that was written. */
  boolean isSent();

  /** Whether bytes have come that wait for their turn, and that the protocol doesn't know yet. */
  boolean isBehind();

  /** Whether bytes are wanted; while they are not, the kernel keeps them. */
  void listen(boolean wanted);

  /** Ends the sending side when all that was written is sent; bytes may come still. */
  void finish();

  /** Closes when all that was written is sent. */
  void close();

  /** Closes at once. */
  void cut();
}
