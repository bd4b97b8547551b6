package doorbell.io.socket;

import doorbell.limit.ClientAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An accepted socket. What is kept here fits between what the JVM aligns, so it costs nothing. */
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
