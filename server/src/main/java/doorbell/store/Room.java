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
  private final int moreFiles;
  private int mostFiles = Integer.MAX_VALUE;

  /** The store may open {@code moreFiles} beside the files at the start; 0 for no such limit. */
  Room(LongSupplier freeBytes, long diskBytes, int moreFiles) {
    this.freeBytes = freeBytes;
    this.margin = Math.min(MARGIN_BYTES, diskBytes / SHARE);
    this.moreFiles = moreFiles;
  }

  /** The room in a directory that exists. */
  static Room in(Path directory, int moreFiles) {
    File disk = directory.toFile();
    return new Room(disk::getUsableSpace, disk.getTotalSpace(), moreFiles);
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
    return margin / 4;
  }

  /**
   * The lack of room, in words for the client; null if there is room. Logs become tables at the
   * next flush, so room for these tables is needed too.
   */
  @Nullable String lack(int files, long logBytes) {
    if (freeBytes.getAsLong() < margin + FLUSHED * logBytes) {
      return "the disk is nearly full";
    }
    return files < mostFiles ? null : "the store has as many files as may be open";
  }
}
