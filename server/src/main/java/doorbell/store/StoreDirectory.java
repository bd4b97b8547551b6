package doorbell.store;

import doorbell.event.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Logger;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.rocksdb.WALRecoveryMode;

/** The directory of a store. Opens a store, and refuses anything else in one sentence. */
record StoreDirectory(Path path) {
  /** File that marks a directory as ours, with the number of the format. */
  static final String MARK = "DOORBELL";

  static final String FORMAT = "doorbell store 1\n";

  /** Folder at the root of a new file system; any other file in a directory is somebody's. */
  private static final String LOST_AND_FOUND = "lost+found";

  private static final String PROBE = "probe";
  private static final int PROBE_BYTES = 1 << 20;

  /**
   * Makes the directory if missing, and marks an empty directory.
   *
   * @throws StoreException if the directory can't be made, or is no store of this format
   */
  static StoreDirectory prepare(Path path) {
    StoreDirectory directory = new StoreDirectory(path);
    Path mark = path.resolve(MARK);
    try {
      Path highest = Files.exists(path) ? path : highestMissing(path);
      Files.createDirectories(path);
      if (directory.isNew()) {
        Files.writeString(mark, FORMAT, StandardOpenOption.CREATE, StandardOpenOption.SYNC);
        syncNames(path, highest);
      } else if (!Files.exists(mark)) {
        throw new StoreException(
            path + " holds files that are not Doorbell's; name an empty directory for the store");
      } else if (!Files.readString(mark).equals(FORMAT)) {
        throw new StoreException(
            path
                + " was written by another version of Doorbell; run that one or name another"
                + " directory for the store");
      }
      return directory;
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  private static Path highestMissing(Path path) {
    Path parent = path.toAbsolutePath().getParent();
    return parent == null || Files.exists(parent) ? path : highestMissing(parent);
  }

  /**
   * Has the disk keep the names of new directories: RocksDB syncs what is in a directory, and a
   * power cut could take the directory itself.
   */
  private static void syncNames(Path path, Path highest) throws IOException {
    sync(path);
    Path parent = path.toAbsolutePath().getParent();
    if (parent != null) {
      if (path.toAbsolutePath().equals(highest.toAbsolutePath())) {
        sync(parent);
      } else {
        syncNames(parent, highest);
      }
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel open = FileChannel.open(directory, StandardOpenOption.READ)) {
      open.force(true);
    } catch (AccessDeniedException e) {
      // A directory that may only be passed through was made by somebody else.
    }
  }

  /**
   * Opens the RocksDB in the directory.
   *
   * @throws StoreException if the RocksDB is in use, damaged or can't be written
   */
  RocksDB open(RocksOptions settings) {
    try {
      // A RocksDB that is made anew in place of a damaged RocksDB would have forgotten all sets.
      settings.options.setCreateIfMissing(!wasOpened());
      return recover(settings);
    } catch (RocksDBException e) {
      throw refusal(e);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  /**
   * True if the disk has room for the first writes of a reopened database: the log as a file, and a
   * little more.
   */
  boolean takesWrites() {
    try {
      long bytes = PROBE_BYTES + logBytes();
      try (FileChannel file =
          FileChannel.open(
              path.resolve(PROBE),
              StandardOpenOption.CREATE,
              StandardOpenOption.APPEND,
              StandardOpenOption.DELETE_ON_CLOSE)) {
        ByteBuffer block = ByteBuffer.allocate(PROBE_BYTES);
        while (file.size() < bytes) {
          file.write(block.clear());
        }
        file.force(true);
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Bytes of the logs, with sets that are in no table yet. A log that RocksDB deletes meanwhile
   * counts 0.
   */
  long logBytes() throws IOException {
    return bytes(".log");
  }

  /** Bytes of the tables. */
  long tableBytes() throws IOException {
    return bytes(".sst");
  }

  private long bytes(String ending) throws IOException {
    return files(ending).stream().mapToLong(file -> file.toFile().length()).sum();
  }

  /** The number of logs and tables: RocksDB has each of these files open. */
  int openFiles() throws IOException {
    return files(".log", ".sst").size();
  }

  @Override
  public String toString() {
    return path.toString();
  }

  /**
   * RocksDB tolerates a log that ends within a record, as after kill -9. After a power cut the last
   * record may also have the full length with a hole inside. That record was never acknowledged,
   * since the sync never returned, so the records before are all there was: point-in-time recovery
   * gives these records. The same recovery would silently drop records behind damage, so {@link
   * Inspection} looks for damage first.
   */
  private RocksDB recover(RocksOptions settings) throws RocksDBException, IOException {
    if (Files.exists(path.resolve(Inspection.CURRENT))) {
      refuseIfUsed();
      Inspection.inspect(path);
    }
    try {
      return open(settings, WALRecoveryMode.TolerateCorruptedTailRecords);
    } catch (RocksDBException e) {
      if (!isCorrupt(e)) {
        throw e;
      }
      return open(settings, WALRecoveryMode.PointInTimeRecovery);
    }
  }

  /**
   * Fails if another node has the store open. The probe allows no RocksDB in the directory, so
   * RocksDB refuses once the lock is taken, and changes nothing.
   */
  private void refuseIfUsed() throws RocksDBException {
    try (Options probe = new Options().setKeepLogFileNum(RocksOptions.LOG_FILES)) {
      refuseIfUsed(probe);
    }
  }

  private void refuseIfUsed(Options probe) throws RocksDBException {
    try {
      RocksDB.open(probe.setErrorIfExists(true), path.toString()).close();
    } catch (RocksDBException e) {
      if (isUsed(e)) {
        throw e;
      }
    }
  }

  /** True if another node has the store open. May be asked often. */
  boolean isUsed() {
    try (Options probe = new Options();
        Logger silent = new Silence()) {
      probe.setLogger(silent);
      if (Files.exists(path.resolve(Inspection.CURRENT))) {
        refuseIfUsed(probe);
      }
      return false;
    } catch (RocksDBException e) {
      return true;
    }
  }

  /** Keeps probes from making a file of RocksDB's own log each time. */
  private static final class Silence extends Logger {
    Silence() {
      super(InfoLogLevel.FATAL_LEVEL);
    }

    @Override
    protected void log(InfoLogLevel level, String line) {}
  }

  /** True if the lock of the store was taken when it was to be opened. */
  static boolean isUse(StoreException refusal) {
    return refusal.getCause() instanceof RocksDBException e && isUsed(e);
  }

  private static boolean isUsed(RocksDBException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("lock hold by") || message.contains("While lock file");
  }

  private RocksDB open(RocksOptions settings, WALRecoveryMode mode) throws RocksDBException {
    return RocksDB.open(settings.options.setWalRecoveryMode(mode), path.toString());
  }

  private StoreException refusal(RocksDBException e) {
    String message = String.valueOf(e.getMessage());
    if (isCorrupt(e) || message.contains("No such file") || message.contains("not exist")) {
      return damaged(path, message, e);
    }
    return new StoreException(
        path
            + (isUsed(e)
                ? " is in use by another node; stop that one or name another directory"
                : " can't be opened: " + reason(e) + "; mend that or name another directory"),
        e);
  }

  static StoreException damaged(Path path, String what, @Nullable Exception cause) {
    return new StoreException(
        path
            + " is damaged ("
            + what
            + "); restore it from a copy, or name an empty directory, which begins with no sets",
        cause);
  }

  static StoreException unusable(Path path, IOException e) {
    String reason =
        switch (e) {
          case FileAlreadyExistsException _ -> "it is a file";
          case AccessDeniedException _ -> "permission denied";
          case FileSystemException f when f.getReason() != null -> f.getReason();
          default -> e.toString();
        };
    return new StoreException(
        path
            + " can't hold the store: "
            + reason
            + "; name a directory that Doorbell may make and write",
        e);
  }

  private static boolean isCorrupt(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Corruption;
  }

  private boolean isNew() throws IOException {
    List<String> ours = List.of(MARK, LOST_AND_FOUND);
    return files("").stream().allMatch(file -> ours.contains(file.getFileName().toString()));
  }

  /**
   * True if the store may have sets: a first start that was cut short leaves no more than the first
   * manifest.
   */
  private boolean wasOpened() throws IOException {
    return !files(".log", ".sst").isEmpty()
        || files("").stream()
            .map(file -> file.getFileName().toString())
            .anyMatch(
                name -> name.startsWith("MANIFEST-") && !name.equals(Inspection.FIRST_MANIFEST));
  }

  private List<Path> files(String... endings) throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(file -> Stream.of(endings).anyMatch(file.toString()::endsWith)).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The operating system's own words end RocksDB's message; the words before name our files. */
  private static String reason(RocksDBException e) {
    String message = String.valueOf(e.getMessage());
    return message.substring(message.lastIndexOf(": ") + 1).trim();
  }
}
