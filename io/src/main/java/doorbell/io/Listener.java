package doorbell.io;

import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.util.List;
import java.util.function.Function;

/** Takes new clients, until stopped. */
public interface Listener {
  /** An address to listen at, and where clients of it meet their first protocol in each loop. */
  record Place(SocketAddress address, Function<IoLoop, ProtocolFactory> protocols) {
    /** An address for the usual protocols of a loop. */
    public Place(SocketAddress address) {
      this(address, IoLoop::protocols);
    }
  }

  /** The addresses, with the real port numbers, in the order in which they were given. */
  List<SocketAddress> addresses();

  /** Stops taking clients; done when the addresses are free. */
  Future<?> stop();
}
