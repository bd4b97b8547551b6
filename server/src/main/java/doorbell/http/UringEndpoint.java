package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Socket;
import io.netty.channel.uring.IoUringIoEvent;

/** A socket in an io_uring: the polls and sends of a whole crowd are one system call together. */
final class UringEndpoint extends SocketEndpoint {
  private final UringSlots ring;
  private final int fd;
  private int slot;

  /** The kernel holds the socket until it has said how these ended. */
  private boolean polling;

  private boolean submitted;

  UringEndpoint(Node node, Loop loop, Socket socket) {
    super(node, loop, socket);
    this.ring = loop.ring();
    this.fd = socket.intValue();
  }

  @Override
  void register() {
    slot = ring.add(this);
  }

  @Override
  void join() {
    poll();
  }

  @Override
  void poll() {
    ring.submit(slot, UringOps.poll(fd, UringSlots.data(slot)));
    polling = true;
  }

  @Override
  void send(ByteBuf sending, int from) {
    long address = sending.memoryAddress() + from;
    int bytes = sending.writerIndex() - from;
    ring.submit(slot, UringOps.send(fd, address, bytes, UringSlots.data(slot)));
    submitted = true;
  }

  void onCompletion(IoUringIoEvent completion) {
    loop.wakeups.poll();
    boolean polled = UringOps.isPoll(completion);
    polling &= !polled;
    submitted &= polled;
    loop.onDone(!polled);
    try {
      onDone(polled, completion);
    } catch (Throwable fault) {
      loop.faults.cut(this, fault);
    }
  }

  private void onDone(boolean polled, IoUringIoEvent completion) {
    if (isClosed()) {
      releaseUnlessHeld();
    } else if (completion.res() < 0) {
      cut();
    } else if (polled) {
      onReadable(UringOps.isEnd(completion));
    } else if (!onSent(completion.res())) {
      send();
    }
  }

  /**
   * To cancel the poll would have it searched among all; the shutdown ends it, too, and what is
   * being sent.
   */
  @Override
  void leave() {
    if (polling) {
      shutdown(true);
    }
    releaseUnlessHeld();
  }

  private void releaseUnlessHeld() {
    if (!polling && !submitted) {
      ring.remove(slot);
      release();
    }
  }
}
