package doorbell.io.socket;

import doorbell.io.IoLoop;
import doorbell.io.ProtocolFactory;
import io.netty.buffer.ByteBuf;
import io.netty.channel.uring.IoUringIoEvent;

/** A socket in an io_uring: the polls and sends of a whole crowd are one system call together. */
final class UringEndpoint extends SocketEndpoint {
  private final UringSlots ring;
  private int slot;

  /** Operations, poll and send, for which the kernel holds the socket until completion. */
  private boolean polling;

  private boolean submitted;

  UringEndpoint(IoLoop loop, ClientSocket socket, ProtocolFactory protocols, UringSlots ring) {
    super(loop, socket, protocols);
    this.ring = ring;
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
    ring.submit(slot, UringOps.poll(socket.intValue(), UringSlots.data(slot)));
    polling = true;
  }

  @Override
  void send(ByteBuf sending, int from) {
    long address = sending.memoryAddress() + from;
    int bytes = sending.writerIndex() - from;
    ring.submit(slot, UringOps.send(socket.intValue(), address, bytes, UringSlots.data(slot)));
    submitted = true;
  }

  void onCompletion(IoUringIoEvent completion) {
    loop.betweenClients();
    boolean polled = UringOps.isPoll(completion);
    polling &= !polled;
    submitted &= polled;
    if (!polled) {
      loop.onSent();
    }
    try {
      onDone(polled, completion);
    } catch (Throwable fault) {
      loop.faults.cut(this, fault);
    }
  }

  private void onDone(boolean polled, IoUringIoEvent completion) {
    if (closed) {
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
   * Shuts down instead of cancelling: a cancel has the poll searched among all, and a shutdown also
   * ends the poll, and the send too.
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
