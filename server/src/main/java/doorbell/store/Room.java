package doorbell.store;

import java.io.File;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Room that a store leaves on the machine: part of the disk, and the open files of others. Without
 * either, RocksDB fails in the middle of a write. For the writer; a look costs microseconds.
 */
final class Room {
  /**
   * Disk space for others between two looks: a look comes each second, and after {@link #untilLook}
   * bytes of our own.
   */
  private static final long MARGIN_BYTES = 64L << 20;

  /** The margin of a small disk is smaller: a twentieth of the disk. */
  private static final int SHARE = 20;

  /**
   * A flushed file takes at most so many times the bytes of the log: in a log, bulk sets share a
   * record.
   */
  private static final int FLUSHED = 2;

  /** Files beside logs and tables that may be opened meanwhile: a manifest, a list of names. */
  private static final int OTHER_FILES = 8;

  private final LongSupplier freeBytes;
  private final long margin;
  private final long step;
  private final int moreFiles;

  /** Bytes that the store may take; 0 for as many as the disk has. */
  private final long mostBytes;

  private int mostFiles = Integer.MAX_VALUE;

  /** The store takes no more than its share. */
  Room(LongSupplier freeBytes, long diskBytes, RocksStore.Share share) {
    this.freeBytes = freeBytes;
    this.mostBytes = share.bytes();
    this.margin = Math.min(MARGIN_BYTES, diskBytes / SHARE);
    this.step = (mostBytes == 0 ? margin : Math.min(margin, mostBytes / SHARE)) / 4;
    this.moreFiles = share.files();
  }

  /** The room in a directory that exists. */
  static Room in(Path directory, RocksStore.Share share) {
    File disk = directory.toFile();
    return new Room(disk::getUsableSpace, disk.getTotalSpace(), share);
  }

  int moreFiles() {
    return moreFiles;
  }

  /** Notes the number of logs and tables at the store's start. */
  void begin(int files) {
    mostFiles = moreFiles == 0 ? Integer.MAX_VALUE : files + moreFiles - OTHER_FILES;
  }

  /** Bytes that may be written until the next look. */
  long untilLook() {
    return step;
  }

  /**
   * The lack of room, in words for the client; null if there is room. Logs become tables at the
   * next flush, so room for these tables is needed too.
   */
  @Nullable String lack(int files, long logBytes, long tableBytes) {
    if (freeBytes.getAsLong() < margin + FLUSHED * logBytes) {
      return "the disk is nearly full";
    }
    if (mostBytes > 0 && tableBytes + FLUSHED * (logBytes + untilLook()) > mostBytes) {
      return "the store has as much of the disk as it may take";
    }
    return files < mostFiles ? null : "the store has as many files as may be open";
  }
}
