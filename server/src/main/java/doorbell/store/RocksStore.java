package doorbell.store;

import doorbell.count.Histogram;
import doorbell.count.Seldom;
import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.store.RocksDatabase.Glance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in a directory of RocksDB's. One writer thread takes all queued sets, writes a single
 * batch with a single sync, and only then completes the sets, so a crowd shares the cost of a sync.
 * Nearly all lookups are answered from memory; a small pool reads the rest. Stages complete on
 * these threads: dependent stages must not block.
 */
public final class RocksStore implements SetStore {

  /** The moment from which a set counts as kept. */
  public enum Sync {
    /** The set is on the disk, and survives a power cut. */
    ALWAYS,
    /** The set is with the operating system, and survives a kill -9. */
    OS
  }

  /** Bytes beside the heap that an open store takes at most, as its memory fills with sets. */
  public static final long MOST_MEMORY = RocksOptions.MOST_MEMORY;

  /** Sets that may wait for the writer: a disk that is this far behind won't catch up. */
  static final int MAX_QUEUED_SETS = 65_536;

  /** Sets in one write, at most: a short batch is acknowledged soon. */
  static final int MAX_BATCH = 8_192;

  /** Lookups that may wait for the disk. */
  static final int MAX_QUEUED_READS = 16_384;

  /**
   * Known ids, about: set ids that are answered without RocksDB. All clients that one set wakes ask
   * for the same id. Many more ids would outlive a collection, and be copied.
   */
  private static final int KNOWN = 1 << 10;

  /** Known ids are dropped so often within the time to remember, as far as the writer is awake. */
  private static final int ERAS = 8;

  /** Buckets of times up to 16 s, beginning with a microsecond. */
  private static final int TIME_BUCKETS = 25;

  private static final int READERS = 2;
  private static final long READER_IDLE_SECONDS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(RocksStore.class);

  private final BlockingQueue<Pending> queue = new LinkedBlockingQueue<>(MAX_QUEUED_SETS);
  private final RocksDatabase database;
  private final Seldom failures = new Seldom();
  private final long eraNanos;
  private final ExecutorService writer;

  /** The time when the known ids are dropped; for the writer. */
  private long dropAt;

  /** The writer's thread; null until the writer runs. */
  private volatile @Nullable Thread writing;

  private final ThreadPoolExecutor readers;
  private final Histogram times = new Histogram(TimeUnit.MICROSECONDS.toNanos(1), TIME_BUCKETS);

  /**
   * Ids that are set, each at the place of the hash. A set is for good, so no entry is ever wrong.
   * All entries are dropped once an era, since a set is forgotten in the end.
   */
  private volatile AtomicReferenceArray<@Nullable EventId> known =
      new AtomicReferenceArray<>(KNOWN);

  private volatile boolean closed;

  private RocksStore(RocksDatabase database, long eraNanos) {
    this.database = database;
    this.eraNanos = eraNanos;
    this.readers =
        new ThreadPoolExecutor(
            READERS,
            READERS,
            READER_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_QUEUED_READS),
            daemons("doorbell-store-reader"));
    readers.allowCoreThreadTimeOut(true);
    this.writer = Executors.newSingleThreadExecutor(daemons("doorbell-store-writer"));
  }

  /**
   * Opens the store in {@code directory}, or makes a new store there. Each set is remembered for at
   * least {@code remember}, which is positive.
   *
   * @throws StoreException with one sentence that says what to do, if the directory is in use,
   *     damaged, not a store or can't be written
   */
  public static RocksStore open(Path directory, Duration remember, Sync sync) {
    return open(directory, remember, sync, new Share(0, 0));
  }

  /**
   * What a store may take of a machine; 0 for no such limit.
   *
   * @param files files that may be open beside those at the start
   * @param bytes bytes on the disk, logs and tables together
   */
  public record Share(int files, long bytes) {}

  /** As {@link #open(Path, Duration, Sync)}; the store takes no more than its share. */
  public static RocksStore open(Path directory, Duration remember, Sync sync, Share share) {
    return open(directory, remember, sync, path -> Room.in(path, share));
  }

  static RocksStore open(Path directory, Duration remember, Sync sync, Function<Path, Room> where) {
    RocksDatabase database =
        RocksDatabase.open(directory, () -> new RocksOptions(remember), sync == Sync.ALWAYS, where);
    RocksStore store = new RocksStore(database, remember.toNanos() / ERAS);
    store.writer.execute(store::write);
    return store;
  }

  /** True if another node has the store in {@code directory} open. */
  public static boolean isUsed(Path directory) {
    RocksDB.loadLibrary();
    return new StoreDirectory(directory).isUsed();
  }

  /** True if a store wasn't opened because another node has it open, or looks if one has. */
  public static boolean isUse(StoreException refusal) {
    return StoreDirectory.isUse(refusal);
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    if (!closed && id.equals(known.getPlain(place(id)))) {
      return YES;
    }
    byte[] key = id.bytes();
    try {
      return switch (database.glance(key)) {
        case ABSENT -> NO;
        case PRESENT -> {
          know(id);
          yield YES;
        }
        case UNSURE -> read(id, key);
      };
    } catch (StoreException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    Pending set = new Pending(id, isNew);
    if (closed) {
      set.completeExceptionally(closedStore());
    } else if (!queue.offer(set)) {
      set.completeExceptionally(
          new StoreException("the store has too many sets to write; it was not kept, try again"));
    } else if (closed && queue.remove(set)) {
      // The writer may have left between the first look and the offer; nobody else would answer.
      set.completeExceptionally(closedStore());
    }
    return set;
  }

  @Override
  public void flush() {
    LockSupport.unpark(writing);
  }

  @Override
  public int queued() {
    return queue.size();
  }

  /** From the writer's look into the queue to the write's end; a batch has one time for all. */
  @Override
  public Histogram times() {
    return times;
  }

  /** The files that others leave to the store: a store has few files at the start. */
  @Override
  public int moreFiles() {
    return database.moreFiles();
  }

  @Override
  public void close() {
    closed = true;
    // The writer stops once the queue is empty; the database is closed after all users.
    flush();
    writer.close();
    readers.close();
    database.close();
  }

  /** The number of batches that were written: with one sync each under {@link Sync#ALWAYS}. */
  long batches() {
    return database.batches();
  }

  private void know(EventId id) {
    known.setPlain(place(id), id);
  }

  private static int place(EventId id) {
    return id.hashCode() & (KNOWN - 1);
  }

  private CompletionStage<Boolean> read(EventId id, byte[] key) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    try {
      readers.execute(
          () -> {
            try {
              boolean set = database.holds(key);
              if (set) {
                know(id);
              }
              answer.complete(set);
            } catch (Throwable e) {
              answer.completeExceptionally(failure(e));
            }
          });
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(
          closed
              ? closedStore()
              : new StoreException("the store has too many lookups waiting; try again", e));
    }
    return answer;
  }

  private void write() {
    writing = Thread.currentThread();
    List<Pending> batch = new ArrayList<>();
    dropAt = System.nanoTime() + eraNanos;
    while (!(closed && queue.isEmpty())) {
      try {
        writeOnce(batch);
      } catch (Throwable e) {
        // The writer goes on, whatever happens: there is no other writer.
        StoreException failure = failure(e);
        batch.forEach(set -> set.completeExceptionally(failure));
        LockSupport.parkNanos(this, RocksDatabase.RETRY_NANOS);
      }
      batch.clear();
    }
  }

  private void writeOnce(List<Pending> batch) {
    if (System.nanoTime() - dropAt >= 0) {
      known = new AtomicReferenceArray<>(KNOWN);
      dropAt = System.nanoTime() + eraNanos;
    }
    long untilUpkeep = database.upkeep();
    queue.drainTo(batch, MAX_BATCH);
    if (batch.isEmpty()) {
      LockSupport.parkNanos(this, untilUpkeep);
    } else {
      keep(batch);
    }
  }

  /** Completes every set of the batch, whatever happens: no client may be left waiting. */
  private void keep(List<Pending> batch) {
    try {
      long began = System.nanoTime();
      database.write(choose(batch));
      times.record(System.nanoTime() - began, batch.size());
    } catch (Throwable e) {
      StoreException failure = failure(e);
      batch.stream()
          .filter(set -> set.seen() != Glance.PRESENT)
          .forEach(set -> set.completeExceptionally(failure));
    }
    for (Pending set : batch) {
      if (set.complete(set.first)) {
        know(set.id);
      }
    }
  }

  /** The failure for a caller: one sentence, and nothing of the inside. */
  private StoreException failure(Throwable e) {
    if (e instanceof StoreException told) {
      return told;
    }
    if (failures.isDue()) {
      LOG.error("the store failed", e);
    }
    return new StoreException("the store failed; try again", e);
  }

  /**
   * Marks the first set of each new id, and returns the keys to write: those, and the keys that
   * can't be read, which may be set already, so that nobody is the first.
   */
  private List<byte[]> choose(List<Pending> batch) throws RocksDBException {
    Map<EventId, Pending> unsure = new LinkedHashMap<>();
    for (Pending set : batch) {
      if (!set.first) {
        set.same = unsure.putIfAbsent(set.id, set);
      }
    }
    // Only this thread writes, so an id that is absent now is absent until the batch is written.
    Iterator<Glance> found =
        database.find(unsure.values().stream().map(set -> set.key).toList()).iterator();
    for (Pending set : unsure.values()) {
      set.seen = found.next();
      set.first = set.seen == Glance.ABSENT;
    }
    return batch.stream()
        .filter(set -> set.first || set.seen == Glance.UNSURE)
        .map(set -> set.key)
        .toList();
  }

  private static ThreadFactory daemons(String name) {
    return Thread.ofPlatform().daemon().name(name).factory();
  }

  private static StoreException closedStore() {
    return new StoreException("the store is closed; the set was not kept");
  }

  private static final class Pending extends CompletableFuture<Boolean> {
    final EventId id;
    final byte[] key;

    /** True for the first set of the id; until the writer has looked, as the caller said. */
    boolean first;

    /** What the writer saw of the id before this batch; null if it did not look. */
    @Nullable Glance seen;

    /** An earlier set of the same id in the batch. */
    @Nullable Pending same;

    Pending(EventId id, boolean isNew) {
      this.id = id;
      this.key = id.bytes();
      this.first = isNew;
    }

    /** The id as it was before this batch, whatever becomes of the batch. */
    @Nullable Glance seen() {
      return same == null ? seen : same.seen;
    }
  }
}
