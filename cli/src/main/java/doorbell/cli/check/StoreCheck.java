package doorbell.cli.check;

import static doorbell.cli.check.Numbers.grouped;
import static doorbell.cli.check.Numbers.megabytes;

import doorbell.cli.run.Verdict;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/**
 * The disk of a store's folder: whether it can be written, its room, and the time of a sync. Leaves
 * nothing behind; where the folder isn't there yet, looks at the one above.
 */
record StoreCheck(Path folder) {
  private static final int SYNCS = 10;

  /** Bytes of a small write, as a set is to RocksDB. */
  private static final int SMALL = 64;

  /**
   * Below this a node soon refuses sets: 64 MB are left to others, and a full memtable of 64 MB is
   * counted twice.
   */
  private static final long LEAST_ROOM = 3L * (64 << 20);

  List<Finding> look() {
    Path there = folder.toAbsolutePath();
    while (there != null && !Files.isDirectory(there)) {
      there = there.getParent();
    }
    return there == null ? List.of(unwritable("no such folder")) : look(there);
  }

  private List<Finding> look(Path there) {
    try {
      return List.of(room(there), sync(there));
    } catch (IOException e) {
      return List.of(unwritable("in " + there + ": " + e.getClass().getSimpleName()));
    }
  }

  /** The folder above may be somebody else's and stays so: the mend is a folder of one's own. */
  private Finding unwritable(String why) {
    String mend = "sudo install -d -o \"$(id -un)\" '%s', or another --store".formatted(folder);
    return new Finding(
        Verdict.BAD,
        "store",
        "%s can't be written (%s)".formatted(folder, why),
        0,
        List.of(new Mend(mend, "the same; in a unit of systemd StateDirectory=doorbell")));
  }

  private static Finding room(Path there) throws IOException {
    long room = Files.getFileStore(there).getUsableSpace();
    String text = "%s has %s free".formatted(there, megabytes(room));
    if (room >= LEAST_ROOM) {
      return Finding.good("store", text);
    }
    String needs = "; a node refuses sets when a disk is nearly full, and needs ";
    return new Finding(
        Verdict.BAD,
        "store",
        text + needs + megabytes(LEAST_ROOM),
        0,
        List.of(
            new Mend(
                "sudo du -xh --max-depth=2 / | sort -h | tail shows what takes it",
                "a folder on a larger disk: --store rocksdb:DIR")));
  }

  private static Finding sync(Path there) throws IOException {
    return Finding.note(
        "sync",
        "%s microseconds, the median of %s small ones: a set with --sync always takes one"
            .formatted(grouped(medianMicros(there)), SYNCS));
  }

  private static long medianMicros(Path there) throws IOException {
    Path file = Files.createTempFile(there, "doorbell-check", null);
    long[] nanos = new long[SYNCS];
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
      for (int i = 0; i < SYNCS; i++) {
        long begin = System.nanoTime();
        channel.write(ByteBuffer.allocate(SMALL));
        channel.force(false);
        nanos[i] = System.nanoTime() - begin;
      }
    }
    Arrays.sort(nanos);
    return nanos[SYNCS / 2] / 1_000;
  }
}
