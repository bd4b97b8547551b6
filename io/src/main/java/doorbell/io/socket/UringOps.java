package doorbell.io.socket;

import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoOps;

/** Operations of an io_uring, in the kernel's numbers: see linux/io_uring.h, poll.h, socket.h. */
final class UringOps {
  private static final byte POLL = 6;
  private static final byte SEND = 26;
  private static final byte CANCEL = 14;

  private static final byte NO = 0;
  private static final int POLLIN = 1;
  private static final int POLLRDHUP = 0x2000;
  private static final int MSG_NOSIGNAL = 0x4000;

  private UringOps() {}

  /** Polls once for bytes or the end. The completion has {@code data}, as for each operation. */
  static IoUringIoOps poll(int fd, long data) {
    return new IoUringIoOps(POLL, NO, NO, fd, 0, 0, 0, POLLIN | POLLRDHUP, data, NO, NO, 0, 0);
  }

  static IoUringIoOps send(int fd, long address, int bytes, long data) {
    return new IoUringIoOps(SEND, NO, NO, fd, 0, address, bytes, MSG_NOSIGNAL, data, NO, NO, 0, 0);
  }

  /** Cancels the operation that {@code submitted} was the answer to. */
  static IoUringIoOps cancel(long submitted) {
    return new IoUringIoOps(CANCEL, NO, NO, -1, 0, submitted, 0, 0, 0L, NO, NO, 0, 0);
  }

  static boolean isPoll(IoUringIoEvent done) {
    return done.opcode() == POLL;
  }

  static boolean isEnd(IoUringIoEvent polled) {
    return (polled.res() & POLLRDHUP) != 0;
  }
}
