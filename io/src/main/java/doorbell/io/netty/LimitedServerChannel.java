package doorbell.io.netty;

import doorbell.count.Seldom;
import doorbell.io.IoLimits;
import doorbell.io.OpenFiles;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts no more clients than there are files for; other clients wait in the kernel's queue. Runs
 * on the channel's event loop.
 */
final class LimitedServerChannel extends NioServerSocketChannel {
  private static final Logger LOG = LoggerFactory.getLogger(LimitedServerChannel.class);

  private final IntSupplier clients;
  private final int mostClients;
  private boolean refused;
  private final Seldom tells = new Seldom();

  /**
   * The socket's family is the address's: IPv6 takes IPv4 clients too, which is right for [::]
   * only.
   */
  LimitedServerChannel(InetAddress listen, IntSupplier clients, int mostClients) {
    super(
        SelectorProvider.provider(),
        listen instanceof Inet6Address ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET);
    this.clients = clients;
    this.mostClients = mostClients;
  }

  @Override
  protected int doReadMessages(List<Object> accepted) throws Exception {
    if (clients.getAsInt() + accepted.size() >= mostClients) {
      pause();
      return 0;
    }
    int count = super.doReadMessages(accepted);
    refused &= count > 0;
    return count;
  }

  /** Takes the clients that a close would reset. */
  @Override
  protected void doClose() throws Exception {
    List<Object> rest = new ArrayList<>();
    try {
      while (rest.size() < IoLimits.ACCEPT_BACKLOG
          && clients.getAsInt() + rest.size() < mostClients
          && super.doReadMessages(rest) > 0) {}
      rest.forEach(pipeline()::fireChannelRead);
    } finally {
      super.doClose();
    }
  }

  /**
   * Tries again later, and warns once a minute at most, since nothing tells when there is room
   * again.
   */
  private void pause() {
    if (!refused && tells.isDue()) {
      LOG.warn("new clients are queued until others leave: {}", OpenFiles.ALL_TAKEN);
    }
    refused = true;
    config().setAutoRead(false);
    eventLoop()
        .schedule(
            () -> config().setAutoRead(true), IoLimits.ACCEPT_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
  }
}
