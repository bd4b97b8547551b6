package doorbell.io;

import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.util.List;
import java.util.function.Function;

/** Takes new clients, until stopped. */
public interface Listener {
  /**
   * An address to listen at, and where clients of it meet their first protocol in each loop.
   *
   * @param taken true if another node listens there, which is about to end: new clients are that
   *     node's until it gives way, as far as the kernel can see to it
   */
  record Place(SocketAddress address, boolean taken, Function<IoLoop, ProtocolFactory> protocols) {
    /** An address for the usual protocols of a loop. */
    public Place(SocketAddress address) {
      this(address, false, IoLoop::protocols);
    }
  }

  /** The addresses, with the real port numbers, in the order in which they were given. */
  List<SocketAddress> addresses();

  /**
   * Has the kernel give new clients to a later node that listens at the same addresses, and goes on
   * with those that are on their way. Stops, where there is no such node or no such way.
   *
   * @return true if there is such a node, and so a little time for those that are on their way
   */
  boolean giveWay();

  /**
   * Stops taking clients, once those that the kernel has are taken; done when the addresses are
   * free.
   */
  Future<?> stop();
}
