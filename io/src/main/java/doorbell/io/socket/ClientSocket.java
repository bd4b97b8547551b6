package doorbell.io.socket;

import doorbell.limit.ClientAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An accepted socket. One reference more fits between what the JVM aligns with the options that the
 * command runs it by, so it costs nothing.
 */
final class ClientSocket extends Socket {
  /** The address at which the connection is counted; null if it isn't counted. */
  @Nullable ClientAddress counted;

  ClientSocket(int fd) {
    super(fd);
  }

  void end() {
    try {
      close();
    } catch (IOException e) {
      // The socket is gone, as wanted.
    }
  }
}
