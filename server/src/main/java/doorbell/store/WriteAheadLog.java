package doorbell.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Reads RocksDB's write-ahead log far enough to tell a torn end from damage inside. A log is blocks
 * of 32 KiB with records that never cross them: checksum (4 bytes, little-endian, masked), length
 * (2), type (1), data; a batch is one whole record, or a first, middle ones and a last.
 */
final class WriteAheadLog {
  private static final int BLOCK = 32 << 10;
  private static final int HEADER = 7;
  private static final int LENGTH_AT = 4;
  private static final int TYPE_AT = 6;
  private static final int WHOLE = 1;
  private static final int FIRST = 2;
  private static final int MASK = 0xa282ead8;

  private final ByteBuffer log;
  private boolean damaged;

  private WriteAheadLog(byte[] bytes) {
    this.log = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Whether a later batch follows a damaged one. Since a batch is only begun when the one before it
   * was written, the damaged one had been whole.
   */
  static boolean isDamagedInside(Path log) throws IOException {
    return new WriteAheadLog(Files.readAllBytes(log)).isDamagedInside();
  }

  private boolean isDamagedInside() {
    for (int block = 0; block < log.capacity(); block += BLOCK) {
      int end = Math.min(block + BLOCK, log.capacity());
      for (int at = block; end - at > HEADER; at += HEADER + length(at)) {
        if (at + HEADER + length(at) > end || !isSound(at)) {
          damaged = true;
        } else if (damaged && begins(at)) {
          return true;
        }
      }
    }
    return false;
  }

  private int length(int at) {
    return Short.toUnsignedInt(log.getShort(at + LENGTH_AT));
  }

  private boolean begins(int at) {
    byte type = log.get(at + TYPE_AT);
    return type == WHOLE || type == FIRST;
  }

  private boolean isSound(int at) {
    CRC32C crc = new CRC32C();
    crc.update(log.array(), at + TYPE_AT, 1 + length(at));
    int sum = (int) crc.getValue();
    return Integer.rotateRight(sum, 15) + MASK == log.getInt(at);
  }
}
