package doorbell.store;

import java.io.File;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a store leaves of the machine: some of the disk, and the files that are not its own. Where
 * it runs out of either, RocksDB fails in the middle of a write. For the writer; a look costs
 * microseconds.
 */
final class Room {
  /** What others on the disk may take between two looks: a second, or so much of our own. */
  private static final long MARGIN_BYTES = 64L << 20;

  /** A small disk has less: its twentieth. */
  private static final int SHARE = 20;

  /** A file that is flushed, of the log that it came from: bulk sets share a record of the log. */
  private static final int FLUSHED = 2;

  /** Files beside logs and tables that may be opened meanwhile: a manifest, a list of names. */
  private static final int OTHER_FILES = 8;

  private final LongSupplier freeBytes;
  private final long margin;
  private final int moreFiles;
  private int mostFiles = Integer.MAX_VALUE;

  /** {@code moreFiles} beside those that the store has at its start; 0 for no such limit. */
  Room(LongSupplier freeBytes, long diskBytes, int moreFiles) {
    this.freeBytes = freeBytes;
    this.margin = Math.min(MARGIN_BYTES, diskBytes / SHARE);
    this.moreFiles = moreFiles;
  }

  /** In a directory that is there. */
  static Room in(Path directory, int moreFiles) {
    File disk = directory.toFile();
    return new Room(disk::getUsableSpace, disk.getTotalSpace(), moreFiles);
  }

  int moreFiles() {
    return moreFiles;
  }

  /** The store has so many logs and tables at its start. */
  void begin(int files) {
    mostFiles = moreFiles == 0 ? Integer.MAX_VALUE : files + moreFiles - OTHER_FILES;
  }

  /** Bytes that may be written until the next look. */
  long untilLook() {
    return margin / 4;
  }

  /**
   * What there is no room for, in words for the client; null if there is room. Logs become tables
   * at the next flush, so there is to be room for these too.
   */
  @Nullable String lack(int files, long logBytes) {
    if (freeBytes.getAsLong() < margin + FLUSHED * logBytes) {
      return "the disk is nearly full";
    }
    return files < mostFiles ? null : "the store has as many files as may be open";
  }
}
