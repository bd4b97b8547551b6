package doorbell.io.socket;

import io.netty.channel.ChannelException;
import io.netty.channel.unix.Buffer;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A port that two nodes of one user share while one takes over from the other: see socket(7),
 * SO_REUSEPORT. The kernel numbers the sockets that listen there in the order in which they began,
 * and asks a program of the port which of them gets a new client; without such a program it deals
 * clients out. When a socket closes, the last one gets its number.
 */
final class SharedPort {
  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_REUSEPORT_CBPF = 51;

  /** The only instruction of a program: the number of a socket. */
  private static final short BPF_RET = 0x06;

  /** Bytes of a struct sock_filter: code, two jumps, constant. */
  private static final int FILTER_BYTES = 8;

  /** Bytes of a struct sock_fprog: a length, and the address of the instructions. */
  private static final int PROGRAM_BYTES = 16;

  private static final int ADDRESS_AT = 8;
  private static final int OLDER = 0;
  private static final int NEWER = 1;

  private SharedPort() {}

  /** Lets a later socket listen at the port of {@code listening} too. */
  static void open(Socket listening) throws IOException {
    listening.setReusePort(true);
  }

  /** New clients go to the older of two sockets; false if the kernel won't. */
  static boolean preferOlder(Socket one) {
    return prefer(one, OLDER);
  }

  /**
   * New clients go to the newer of two sockets; false if there is only one, or the kernel won't.
   */
  static boolean preferNewer(Socket one) {
    return prefer(one, NEWER);
  }

  private static boolean prefer(Socket one, int number) {
    ByteBuffer filter = direct(FILTER_BYTES);
    filter.putShort(BPF_RET).put((byte) 0).put((byte) 0).putInt(number).flip();
    ByteBuffer program = direct(PROGRAM_BYTES);
    program.putShort((short) 1).putLong(ADDRESS_AT, Buffer.memoryAddress(filter)).clear();
    try {
      one.setRawOpt(SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program);
      return true;
    } catch (IOException | ChannelException alone) {
      return false;
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }
}
