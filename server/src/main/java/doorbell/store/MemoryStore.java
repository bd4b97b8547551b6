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
 * Remembers sets as long as the process lives: every answer comes at once. Of an id it keeps the
 * era in which it was set, an eighth of the time to remember. Who first sets an id in a new era
 * sends a sweep for the forgotten ones to the sweeper.
 */
public final class MemoryStore implements SetStore {
  static final int ERAS = 8;

  private final EraTable sets = new EraTable();
  private final LongSupplier nanoTime;
  private final Executor sweeper;
  private final long start;
  private final long eraNanos;
  private final AtomicInteger era = new AtomicInteger();
  private volatile boolean closed;

  /** Remembers each set for at least {@code remember}, which is positive. */
  public MemoryStore(Duration remember) {
    this(remember, System::nanoTime, sweep -> Thread.ofVirtual().start(sweep));
  }

  /** {@code nanoTime} never runs backwards; {@code sweeper} may run a sweep at any time. */
  MemoryStore(Duration remember, LongSupplier nanoTime, Executor sweeper) {
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
    return sets.add(id, now, oldest(now)) ? YES : NO;
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

  /** The first era that is remembered. The last moment of those before is too long ago. */
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
