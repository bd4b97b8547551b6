package doorbell.io;

import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;

/** Takes new clients, until it is stopped. */
public interface Listener {
  InetSocketAddress address();

  /** Takes no more; done when the port is free. */
  Future<?> stop();
}
