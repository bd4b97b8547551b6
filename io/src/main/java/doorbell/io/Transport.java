package doorbell.io;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Transport of the sockets: the best that the kernel has, or the transport that is asked for. */
public enum Transport {
  AUTO,
  IO_URING,
  EPOLL,
  NIO;

  /** The transport to use: for {@code AUTO} the best on this machine, else this. */
  public Transport resolve() {
    if (this != AUTO) {
      return this;
    }
    if (IO_URING.unavailability() == null) {
      return IO_URING;
    }
    return EPOLL.unavailability() == null ? EPOLL : NIO;
  }

  /** Reason that this machine can't use the transport; null if this machine can. */
  public @Nullable Throwable unavailability() {
    return switch (this) {
      case IO_URING -> IoUring.unavailabilityCause();
      case EPOLL -> Epoll.unavailabilityCause();
      case AUTO, NIO -> null;
    };
  }

  public IoHandlerFactory handlers() {
    return switch (this) {
      case IO_URING -> IoUringIoHandler.newFactory(IoLimits.RING);
      case EPOLL -> EpollIoHandler.newFactory();
      case AUTO, NIO -> NioIoHandler.newFactory();
    };
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
