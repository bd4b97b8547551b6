package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;

/** A socket in an io_uring: the polls and sends of a whole crowd are one system call together. */
final class UringWire extends SocketWire implements IoUringIoHandle {
  private boolean polling;

  UringWire(Connection.Node node, Loop loop, Socket socket) {
    super(node, loop, socket);
  }

  @Override
  void join(IoRegistration registration) {
    poll(registration);
  }

  @Override
  void poll(IoRegistration registration) {
    registration.submit(UringOps.poll(socket));
    polling = true;
  }

  @Override
  public void handle(IoRegistration registration, IoEvent event) {
    IoUringIoEvent completion = (IoUringIoEvent) event;
    boolean polled = UringOps.isPoll(completion);
    polling &= !polled;
    if (isClosed()) {
      return;
    }
    if (completion.res() < 0) {
      cut();
    } else if (polled) {
      onReadable(UringOps.isEnd(completion));
    } else if (!onSent(completion.res())) {
      send();
    }
  }

  @Override
  void send(IoRegistration registration, ByteBuf sending, int from) {
    long address = sending.memoryAddress() + from;
    registration.submit(UringOps.send(socket, address, sending.writerIndex() - from));
  }

  /**
   * The kernel holds the socket as long as it polls it. To cancel the poll would have it searched
   * among all; the shutdown ends it, too.
   */
  @Override
  void leave(IoRegistration registration) {
    if (polling) {
      shutdown(true);
    }
    registration.cancel();
  }

  @Override
  public void unregistered() {
    release();
  }
}
