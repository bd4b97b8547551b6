package doorbell.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import java.util.Locale;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** What carries the sockets: the best that the kernel has, or the one that is asked for. */
public enum Transport {
  AUTO,
  IO_URING,
  EPOLL,
  NIO;

  /** The transport to use for this one: itself, or for {@code AUTO} the best there is. */
  Transport resolve() {
    if (this != AUTO) {
      return this;
    }
    if (IO_URING.unavailability() == null) {
      return IO_URING;
    }
    return EPOLL.unavailability() == null ? EPOLL : NIO;
  }

  /** Why it can't be used on this machine; null if it can. */
  @Nullable Throwable unavailability() {
    return switch (this) {
      case IO_URING -> IoUring.unavailabilityCause();
      case EPOLL -> Epoll.unavailabilityCause();
      case AUTO, NIO -> null;
    };
  }

  IoHandlerFactory handlers() {
    return switch (this) {
      case IO_URING -> IoUringIoHandler.newFactory();
      case EPOLL -> EpollIoHandler.newFactory();
      case AUTO, NIO -> NioIoHandler.newFactory();
    };
  }

  Class<? extends ServerChannel> serverChannel() {
    return switch (this) {
      case IO_URING -> IoUringServerSocketChannel.class;
      case EPOLL -> EpollServerSocketChannel.class;
      case AUTO, NIO -> NioServerSocketChannel.class;
    };
  }

  /** Has the kernel find dead peers, so that nothing here needs a heartbeat. */
  void findDeadPeers(ServerBootstrap bootstrap) {
    bootstrap.childOption(ChannelOption.SO_KEEPALIVE, true);
    switch (this) {
      case IO_URING ->
          keepAlive(
                  bootstrap,
                  IoUringChannelOption.TCP_KEEPIDLE,
                  IoUringChannelOption.TCP_KEEPINTVL,
                  IoUringChannelOption.TCP_KEEPCNT)
              .childOption(IoUringChannelOption.TCP_USER_TIMEOUT, Limits.USER_TIMEOUT_MILLIS);
      case EPOLL ->
          keepAlive(
                  bootstrap,
                  EpollChannelOption.TCP_KEEPIDLE,
                  EpollChannelOption.TCP_KEEPINTVL,
                  EpollChannelOption.TCP_KEEPCNT)
              .childOption(EpollChannelOption.TCP_USER_TIMEOUT, Limits.USER_TIMEOUT_MILLIS);
      case AUTO, NIO ->
          keepAlive(
              bootstrap,
              NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
              NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
              NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT));
    }
  }

  private static ServerBootstrap keepAlive(
      ServerBootstrap bootstrap,
      ChannelOption<Integer> idle,
      ChannelOption<Integer> interval,
      ChannelOption<Integer> probes) {
    return bootstrap
        .childOption(idle, Limits.KEEP_ALIVE_IDLE_SECONDS)
        .childOption(interval, Limits.KEEP_ALIVE_INTERVAL_SECONDS)
        .childOption(probes, Limits.KEEP_ALIVE_PROBES);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
