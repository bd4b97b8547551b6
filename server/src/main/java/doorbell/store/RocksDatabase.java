package doorbell.store;

import doorbell.count.Seldom;
import doorbell.event.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.FlushOptions;
import org.rocksdb.Holder;
import org.rocksdb.LiveFileMetaData;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A RocksDB that heals. Lookups come from any thread and hold the lock for reading, since a RocksDB
 * that is used after close crashes the process. {@link #find}, {@link #write} and {@link #upkeep}
 * belong to one writer thread, which alone replaces the RocksDB. States:
 *
 * <pre>
 * sound --a write fails--> faulty (looks up) --the disk takes writes again--> sound
 *                             \--could not be reopened--> shut (fails lookups) --> sound
 * </pre>
 */
final class RocksDatabase implements AutoCloseable {
  /** The answer to a lookup, from memory alone or as far as the disk can be read. */
  enum Glance {
    ABSENT,
    PRESENT,
    UNSURE
  }

  static final long RETRY_NANOS = 1_000_000_000;

  private static final Logger LOG = LoggerFactory.getLogger(RocksDatabase.class);

  private final StoreDirectory directory;
  private final RocksOptions settings;
  private final WriteOptions writing;
  private final Room room;
  private final FlushOptions flushing = new FlushOptions().setWaitForFlush(false);
  private final StampedLock lock = new StampedLock();
  private @Nullable RocksDB rocks;

  /**
   * True if lookups must give way: tries of the lock would starve the thread that waits for the
   * lock.
   */
  private volatile boolean replaced;

  /** The fault that stops all writes, until a repair. */
  private volatile @Nullable StoreException fault;

  /** The lack of room that stops writes, though RocksDB could write; for the writer. */
  private @Nullable StoreException lack;

  private boolean isLackTold;

  /** True if the log has the present fault, and shall have its end. */
  private boolean isFaultTold;

  private final Seldom writeFaults = new Seldom();
  private final Seldom absences = new Seldom();
  private final Seldom lacks = new Seldom();
  private final Seldom lookupFaults = new Seldom();
  private final Seldom repairFaults = new Seldom();

  private @Nullable Presence presence;

  private long lookAt = System.nanoTime();
  private long bytesUntilLook;
  private long repairAt;
  private long flushAt;
  private final AtomicLong batches = new AtomicLong();
  private boolean closed;

  private RocksDatabase(
      StoreDirectory directory, RocksOptions settings, WriteOptions writing, Room room) {
    this.directory = directory;
    this.settings = settings;
    this.writing = writing;
    this.room = room;
  }

  /**
   * @param synced true if each write must be on the disk when done
   * @throws StoreException if the directory can't be used, with one sentence that says what to do
   */
  static RocksDatabase open(
      Path path, Supplier<RocksOptions> how, boolean synced, Function<Path, Room> where) {
    RocksDB.loadLibrary();
    StoreDirectory directory = StoreDirectory.prepare(path);
    RocksOptions settings = how.get();
    WriteOptions writing = new WriteOptions().setSync(synced);
    RocksDatabase database = new RocksDatabase(directory, settings, writing, where.apply(path));
    try {
      database.rocks = directory.open(settings);
      database.presence = Presence.of(path);
      database.room.begin(directory.openFiles());
    } catch (StoreException e) {
      database.close();
      throw e;
    } catch (IOException e) {
      database.close();
      throw StoreDirectory.unusable(path, e);
    }
    database.flushAt = System.nanoTime() + settings.eraNanos();
    return database;
  }

  /**
   * Looks up a key in memory only. Fails with {@link StoreException} while there is no database.
   */
  Glance glance(byte[] key) {
    long stamp = beginLookup();
    try {
      RocksDB open = open();
      if (!open.keyMayExist(key, null)) {
        return Glance.ABSENT;
      }
      Holder<byte[]> value = new Holder<>();
      open.keyMayExist(key, value);
      return value.getValue() == null ? Glance.UNSURE : Glance.PRESENT;
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /**
   * Looks up a key in memory, then on the disk. Fails with {@link StoreException} if the store
   * can't tell.
   */
  boolean holds(byte[] key) {
    long stamp = beginLookup();
    try {
      return open().get(key) != null;
    } catch (RocksDBException e) {
      if (lookupFaults.isDue()) {
        LOG.error("the store can't look up in {}", directory, e);
      }
      throw new StoreException("the store can't look it up; try again", e);
    } finally {
      lock.unlockRead(stamp);
    }
  }

  /**
   * Tells which keys are there; unsure is a key that can't be read. For the writer: a lookup of
   * many keys costs less than many lookups. RocksDB tells such a key and an absent key apart only
   * in a lookup of one.
   */
  List<Glance> find(List<byte[]> keys) throws RocksDBException {
    if (keys.isEmpty()) {
      return List.of();
    }
    List<byte[]> values = open().multiGetAsList(keys);
    return IntStream.range(0, keys.size())
        .mapToObj(i -> values.get(i) == null ? lookAgain(keys.get(i)) : Glance.PRESENT)
        .toList();
  }

  private Glance lookAgain(byte[] key) {
    Glance glance = glance(key);
    if (glance != Glance.UNSURE) {
      return glance;
    }
    try {
      return holds(key) ? Glance.PRESENT : Glance.ABSENT;
    } catch (StoreException e) {
      return Glance.UNSURE;
    }
  }

  /**
   * Keeps the keys. After a failure with {@link StoreException}, keys may turn up after a repair
   * all the same, as a set that was tried but never acknowledged may.
   */
  void write(List<byte[]> keys) {
    if (keys.isEmpty()) {
      return;
    }
    StoreException already = fault == null ? lack : fault;
    if (already != null) {
      throw already;
    }
    byte[] bytes = KeyBatch.of(keys);
    bytesUntilLook -= bytes.length;
    try (WriteBatch batch = new WriteBatch(bytes)) {
      open().write(writing, batch);
      batches.incrementAndGet();
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  /**
   * Does the upkeep that is due: looks for the directory and for room, seals the era's file,
   * repairs a fault. Returns the nanoseconds until the next call is due.
   */
  long upkeep() {
    long now = System.nanoTime();
    if (fault == null && (now - lookAt >= 0 || bytesUntilLook < 0)) {
      look();
      lookAt = now + RETRY_NANOS;
      bytesUntilLook = room.untilLook();
    }
    if (fault != null && now - repairAt >= 0) {
      repair();
      repairAt = System.nanoTime() + RETRY_NANOS;
    }
    if (fault == null && now - flushAt >= 0) {
      flush();
      flushAt = now + settings.eraNanos();
    }
    return fault == null ? Math.min(flushAt - now, RETRY_NANOS) : RETRY_NANOS;
  }

  /** The number of files that the store may open beside the files at the start; 0 for no limit. */
  int moreFiles() {
    return room.moreFiles();
  }

  long batches() {
    return batches.get();
  }

  /** Waits for lookups under way; later lookups fail. */
  @Override
  public void close() {
    replace(
        () -> {
          if (!closed) {
            closed = true;
            shut();
            writing.close();
            flushing.close();
            settings.close();
          }
        });
  }

  /** Looks for missing files and for room: open files that were deleted take writes for nothing. */
  private void look() {
    if (!isThere()) {
      if (absences.isDue()) {
        LOG.error(
            "{} is gone, or is another, or files in it are: no set is kept until it is back, or the"
                + " node is started again with what is there",
            directory);
        isFaultTold = true;
      }
      fault = new StoreException("the store is gone; the set was not kept, try again");
      repairAt = System.nanoTime() + RETRY_NANOS;
      return;
    }
    try {
      look(room.lack(directory.openFiles(), directory.logBytes(), directory.tableBytes()));
    } catch (IOException e) {
      // The directory has just come or gone: the next look tells.
    }
  }

  private void look(@Nullable String lacking) {
    if (lacking == null) {
      lack = null;
      if (isLackTold) {
        LOG.info("{}: there is room again", directory);
        isLackTold = false;
      }
      return;
    }
    lack = new StoreException(lacking + "; the set was not kept, try again later");
    if (lacks.isDue()) {
      LOG.error("{}: {}; no new set is kept until there is room", directory, lacking);
      isLackTold = true;
    }
  }

  private boolean isThere() {
    return presence != null && presence.isThere(this::tables);
  }

  private List<String> tables() {
    RocksDB open = rocks;
    return open == null
        ? List.of()
        : open.getLiveFilesMetaData().stream().map(LiveFileMetaData::fileName).toList();
  }

  /**
   * Seals a file. RocksDB drops a file as a whole, by the age of the youngest key, so no file may
   * span more than an era.
   */
  private void flush() {
    try {
      open().flush(flushing);
    } catch (RocksDBException e) {
      StoreException _ = failed(e);
    }
  }

  /**
   * Replaces a faulty RocksDB. RocksDB writes nothing after an error, and after most errors never
   * again. A new RocksDB that reads the same log has all acknowledged sets. The old RocksDB answers
   * lookups until the disk has room for a new RocksDB.
   */
  private void repair() {
    if (!isThere() || !directory.takesWrites()) {
      return;
    }
    replace(
        () -> {
          shut();
          try {
            rocks = directory.open(settings);
            fault = null;
            if (isFaultTold) {
              LOG.info("the store writes again");
              isFaultTold = false;
            }
          } catch (StoreException e) {
            if (repairFaults.isDue()) {
              LOG.error("the store can't be opened again", e);
            }
            fault = new StoreException("the store is out of order; try again later", e);
          }
        });
  }

  private void replace(Runnable replacement) {
    replaced = true;
    long stamp = lock.writeLock();
    try {
      replacement.run();
    } finally {
      lock.unlockWrite(stamp);
      replaced = false;
    }
  }

  private StoreException failed(RocksDBException e) {
    StoreException failure =
        new StoreException("the store can't write now; the set was not kept, try again", e);
    if (writeFaults.isDue()) {
      LOG.error("the store can't write to {}", directory, e);
      isFaultTold = true;
    }
    fault = failure;
    repairAt = System.nanoTime();
    return failure;
  }

  private void shut() {
    RocksDB old = rocks;
    rocks = null;
    if (old != null) {
      old.close();
    }
  }

  /** A lookup never waits while the database is being replaced: an event loop must not block. */
  private long beginLookup() {
    long stamp = replaced ? 0 : lock.tryReadLock();
    if (stamp == 0) {
      throw new StoreException("the store is being reopened; try again");
    }
    return stamp;
  }

  private RocksDB open() {
    RocksDB open = rocks;
    if (open == null) {
      StoreException why = fault;
      throw why == null ? new StoreException("the store is closed") : why;
    }
    return open;
  }
}
