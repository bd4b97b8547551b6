package doorbell.io;

import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;

/** Takes new clients, until stopped. */
public interface Listener {
  InetSocketAddress address();

  /** Stops taking clients; done when the port is free. */
  Future<?> stop();
}
