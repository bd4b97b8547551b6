package doorbell.io;

import doorbell.limit.ClientAddress;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint carries the bytes of one client, and tells the {@link Protocol} of bytes that came,
 * of room for more, and of the end. Belongs to the loop's thread.
 */
public interface Endpoint {
  /** Bytes, written and not sent, above which a client doesn't take answers. */
  int MAX_UNSENT = 65_536;

  /** The protocol that this endpoint tells. */
  Protocol protocol();

  /** Hands this endpoint over to {@code next}, which speaks another protocol. */
  void handTo(Protocol next);

  /**
   * The client's address: where a trusted proxy speaks for it, the one that the proxy says. Null if
   * the client is gone, or comes by a Unix socket.
   */
  @Nullable InetSocketAddress client();

  /** The address at which the client's connection is counted; null if it isn't counted. */
  @Nullable ClientAddress countedAt();

  /** Keeps the address at which the client's connection is counted from now on. */
  void countAt(@Nullable ClientAddress at);

  /** True if the client comes by a Unix socket, and no proxy says its address. */
  boolean isUnix();

  /**
   * True if a trusted proxy said that it doesn't know the client, whose own words are no proxy's.
   */
  default boolean isUnnamed() {
    return false;
  }

  /** Takes bytes, to be sent by the next {@link #flush}. */
  void write(ByteBuf bytes);

  void flush();

  /**
   * True if the client takes answers. After false, the protocol is told when there is room again.
   */
  boolean isWritable();

  /** Bytes that were written, and that the kernel hasn't taken yet. */
  int held();

  /** True if the kernel has not taken what it was given, for more than a moment. */
  boolean isStalled();

  /** True if the kernel has all that was written. */
  boolean isSent();

  /** True if bytes have come that wait for a turn, and that the protocol doesn't know yet. */
  boolean isBehind();

  /** Says if bytes are wanted; the kernel keeps unwanted bytes. */
  void listen(boolean wanted);

  /**
   * Ends the sending side when all that was written is sent. Bytes that still come are only a sign
   * that the client sends: over TLS they stay encrypted.
   */
  void finish();

  /** Closes the endpoint when all that was written is sent. */
  void close();

  /** Closes the endpoint at once. */
  void cut();
}
