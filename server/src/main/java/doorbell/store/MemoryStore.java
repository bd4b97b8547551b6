package doorbell.store;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * A store for the lifetime of the process; every answer comes at once. The store keeps the era of
 * each set: an era is an eighth of the time to remember. The first set in a new era sends a sweep
 * of forgotten ids to the sweeper.
 */
public final class MemoryStore implements SetStore {
  static final int ERAS = 8;

  /** Heap that a set takes at most, in bytes: four slots of 36 bytes for a sealed id. */
  private static final int SET_BYTES = 144;

  /** The share of sets in the heap by default, in parts of 32. */
  private static final int SHARE = 5;

  private final EraTable sets = new EraTable();
  private final int most;

  /**
   * The failure of a full store, made once: a bulk set has many answers, and a new failure for each
   * would walk the stack.
   */
  private final CompletionStage<Boolean> full;

  private final LongSupplier nanoTime;
  private final Executor sweeper;
  private final long start;
  private final long eraNanos;
  private final AtomicInteger era = new AtomicInteger();
  private volatile boolean closed;

  /**
   * Remembers each set for at least {@code remember}, which is positive, and {@code most} sets at a
   * time.
   */
  public MemoryStore(Duration remember, int most) {
    this(remember, most, System::nanoTime, sweep -> Thread.ofVirtual().start(sweep));
  }

  /** The number of sets that fit into the store's share of the JVM's heap. */
  public static int setsThatFit() {
    long bytes = Runtime.getRuntime().maxMemory() / 32 * SHARE;
    return (int) Math.min(Integer.MAX_VALUE, bytes / SET_BYTES);
  }

  /** {@code nanoTime} never runs backwards; {@code sweeper} may run a sweep at any time. */
  MemoryStore(Duration remember, int most, LongSupplier nanoTime, Executor sweeper) {
    this.most = most;
    this.full =
        CompletableFuture.failedStage(
            new StoreException(
                "this node remembers " + most + " sets and has no room for more; try later"));
    this.nanoTime = nanoTime;
    this.sweeper = sweeper;
    this.start = nanoTime.getAsLong();
    this.eraNanos = Math.ceilDiv(remember.toNanos(), ERAS);
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    return closed ? closedStage() : sets.get(id) < oldest(now()) ? NO : YES;
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    if (closed) {
      return closedStage();
    }
    int now = turnEra();
    int oldest = oldest(now);
    if (sets.size() >= most && sets.get(id) < oldest) {
      return full;
    }
    return sets.add(id, now, oldest) ? YES : NO;
  }

  @Override
  public void close() {
    closed = true;
    sets.forget(Integer.MAX_VALUE);
  }

  int size() {
    return sets.size();
  }

  private int now() {
    return Math.toIntExact((nanoTime.getAsLong() - start) / eraNanos);
  }

  /** The first era that is remembered. The last moment of an earlier era is too long ago. */
  private static int oldest(int now) {
    return now - ERAS;
  }

  /** The present era. */
  private int turnEra() {
    int now = now();
    int before = era.get();
    if (now > before && era.compareAndSet(before, now)) {
      sweeper.execute(() -> sets.forget(oldest(now)));
    }
    return Math.max(now, before);
  }

  private static CompletionStage<Boolean> closedStage() {
    return CompletableFuture.failedStage(new StoreException("the store is closed"));
  }
}
