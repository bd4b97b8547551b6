package doorbell.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * Reads a log of RocksDB's, such as the write-ahead log and the manifest, and tells a torn end from
 * damage inside. A log is blocks of 32 KiB with records that never cross blocks: checksum (4 bytes,
 * little-endian, masked), length (2), type (1), data. An entry is one whole record, or a first
 * record, middle records and a last record.
 */
final class RecordLog {
  private static final int BLOCK = 32 << 10;
  private static final int HEADER = 7;
  private static final int LENGTH_AT = 4;
  private static final int TYPE_AT = 6;
  private static final int WHOLE = 1;
  private static final int FIRST = 2;
  private static final int MIDDLE = 3;
  private static final int LAST = 4;
  private static final int MASK = 0xa282ead8;

  /** Bytes of an entry's start that the reader sees. */
  private static final int HEAD = 256;

  private static final int NOWHERE = -1;

  /** A reader of log entries, by the first bytes of each entry. */
  interface Entries {
    void entry(ByteBuffer head);

    /**
     * True if an entry may begin like {@code head}, {@code bytes} behind the start of damage. The
     * checksum is right, but clients choose the bytes of a torn entry, and those bytes may look
     * like an entry.
     */
    boolean mayFollow(ByteBuffer head, long bytes);
  }

  private final Entries entries;
  private final ByteBuffer block = ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer head = ByteBuffer.allocate(HEAD).order(ByteOrder.LITTLE_ENDIAN);

  /** File offsets of the block, of the last entry, and of the damage. */
  private long blockAt;

  private long entryAt;
  private long damagedAt = NOWHERE;

  /** True if more records of the entry are to come. */
  private boolean open;

  private RecordLog(Entries entries) {
    this.entries = entries;
  }

  /**
   * Reads the entries before any damage. Returns true if another entry begins behind the damage. An
   * entry only begins once the entry before is written, so the damaged entry was whole in that
   * case; otherwise the damaged entry may never have been whole.
   */
  static boolean isDamagedInside(Path file, Entries entries) throws IOException {
    RecordLog log = new RecordLog(entries);
    try (InputStream in = Files.newInputStream(file)) {
      int read = in.readNBytes(log.block.array(), 0, BLOCK);
      while (read > 0) {
        if (log.continuesBehindDamage(read)) {
          return true;
        }
        log.blockAt += read;
        read = in.readNBytes(log.block.array(), 0, BLOCK);
      }
    }
    return false;
  }

  /** Reads the block, which has {@code end} bytes. */
  private boolean continuesBehindDamage(int end) {
    int at = 0;
    while (end - at >= HEADER) {
      if (!isSound(at, end)) {
        damage(open ? entryAt : blockAt + at);
        at = beginningFrom(at + 1, end);
        continue;
      }
      if (begins(at) == open) {
        damage(open ? entryAt : blockAt + at);
      }
      if (damagedAt == NOWHERE) {
        take(at);
      } else if (begins(at) && entries.mayFollow(data(at), blockAt + at - damagedAt)) {
        return true;
      }
      at += HEADER + length(at);
    }
    return false;
  }

  private void damage(long at) {
    damagedAt = damagedAt == NOWHERE ? at : damagedAt;
  }

  /** Adds a record to the entry. */
  private void take(int at) {
    if (begins(at)) {
      entryAt = blockAt + at;
      head.clear();
    }
    ByteBuffer data = data(at);
    head.put(data.limit(data.position() + Math.min(data.remaining(), head.remaining())));
    open = type(at) == FIRST || type(at) == MIDDLE;
    if (!open) {
      entries.entry(head.flip());
    }
  }

  /** The next record that begins an entry, by offset; the block's end if there is none. */
  private int beginningFrom(int from, int end) {
    for (int at = from; end - at >= HEADER; at++) {
      // A first record fills the block, since the entry goes on in the next block.
      boolean fits = type(at) == WHOLE || at + HEADER + length(at) == BLOCK;
      if (begins(at) && fits && isSound(at, end)) {
        return at;
      }
    }
    return end;
  }

  private boolean isSound(int at, int end) {
    if (type(at) < WHOLE || type(at) > LAST || at + HEADER + length(at) > end) {
      return false;
    }
    CRC32C crc = new CRC32C();
    crc.update(block.array(), at + TYPE_AT, 1 + length(at));
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK == block.getInt(at);
  }

  private boolean begins(int at) {
    return type(at) == WHOLE || type(at) == FIRST;
  }

  private int type(int at) {
    return block.get(at + TYPE_AT);
  }

  private int length(int at) {
    return Short.toUnsignedInt(block.getShort(at + LENGTH_AT));
  }

  private ByteBuffer data(int at) {
    return block.slice(at + HEADER, length(at)).order(ByteOrder.LITTLE_ENDIAN);
  }
}
