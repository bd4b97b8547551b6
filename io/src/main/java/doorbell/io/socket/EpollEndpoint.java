package doorbell.io.socket;

import static java.util.Objects.requireNonNull;

import doorbell.io.IoLoop;
import doorbell.io.ProtocolFactory;
import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A socket in an epoll set: one system call joins the set for the socket's life, and one is a send.
 */
final class EpollEndpoint extends SocketEndpoint implements EpollIoHandle {
  private static final EpollIoOps EDGES =
      EpollIoOps.EPOLLIN
          .with(EpollIoOps.EPOLLRDHUP)
          .with(EpollIoOps.EPOLLOUT)
          .with(EpollIoOps.EPOLLET);
  private static final int OUT = EpollIoOps.EPOLLOUT.value();
  private static final int END = EpollIoOps.EPOLLRDHUP.value();

  private @Nullable IoRegistration registration;

  EpollEndpoint(IoLoop loop, ClientSocket socket, ProtocolFactory protocols) {
    super(loop, socket, protocols);
  }

  @Override
  public FileDescriptor fd() {
    return socket;
  }

  @Override
  void register() {
    registration = ((IoEventLoop) loop.events).register(this).syncUninterruptibly().getNow();
  }

  @Override
  void join() {
    requireNonNull(registration).submit(EDGES);
  }

  /** The next edge comes without a call. */
  @Override
  void poll() {}

  @Override
  public void handle(IoRegistration self, IoEvent event) {
    loop.betweenClients();
    try {
      onEdges(((EpollIoEvent) event).ops().value());
    } catch (Throwable fault) {
      loop.faults.cut(this, fault);
    }
  }

  private void onEdges(int edges) {
    if ((edges & OUT) != 0) {
      send();
    }
    if ((edges & ~OUT) != 0 && !closed) {
      onReadable((edges & END) != 0);
    }
  }

  /** Bytes that the kernel didn't take wait for the next edge. */
  @Override
  void send(ByteBuf sending, int from) throws IOException {
    onSent(socket.sendAddress(sending.memoryAddress(), from, sending.writerIndex()));
  }

  /** Closing takes the socket out of the set; leaving first would cost another system call. */
  @Override
  void leave() {
    release();
    requireNonNull(registration).cancel();
  }
}
