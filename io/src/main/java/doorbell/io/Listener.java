package doorbell.io;

import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.util.List;

/** Takes new clients, until stopped. */
public interface Listener {
  /** The addresses, with the real port numbers, in the order in which they were given. */
  List<SocketAddress> addresses();

  /** Stops taking clients; done when the addresses are free. */
  Future<?> stop();
}
