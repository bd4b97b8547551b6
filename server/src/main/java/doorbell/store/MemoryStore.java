package doorbell.store;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Remembers sets as long as the process lives: every answer comes at once. An id costs its map
 * entry and shares its era, an eighth of the time to remember, with all ids of that era. Who first
 * sets an id in a new era sends a sweep for the forgotten ones to the sweeper.
 */
public final class MemoryStore implements SetStore {
  static final int ERAS = 8;

  private final ConcurrentHashMap<EventId, Era> sets = new ConcurrentHashMap<>();
  private final LongSupplier nanoTime;
  private final Executor sweeper;
  private final long start;
  private final long eraNanos;
  private volatile Era era = new Era(0);
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
    if (closed) {
      return closedStage();
    }
    Era then = sets.get(id);
    return then == null || then.isForgotten(now()) ? NO : YES;
  }

  @Override
  public CompletionStage<Boolean> set(EventId id) {
    if (closed) {
      return closedStage();
    }
    Era now = turnEra();
    while (true) {
      Era then = sets.putIfAbsent(id, now);
      if (then == null) {
        return YES;
      }
      if (!then.isForgotten(now.number)) {
        return NO;
      }
      // A forgotten id that no sweep has met yet: one of those who try here takes it.
      if (sets.replace(id, then, now)) {
        return YES;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    sets.clear();
  }

  int size() {
    return sets.size();
  }

  private int now() {
    return Math.toIntExact((nanoTime.getAsLong() - start) / eraNanos);
  }

  /** The present era: one object for all ids that are set in it. */
  private Era turnEra() {
    int now = now();
    Era last = era;
    return now <= last.number ? last : turnEra(now);
  }

  private synchronized Era turnEra(int now) {
    if (now > era.number) {
      era = new Era(now);
      sweeper.execute(() -> sets.values().removeIf(then -> then.isForgotten(now)));
    }
    return era;
  }

  private static CompletionStage<Boolean> closedStage() {
    return CompletableFuture.failedStage(new StoreException("the store is closed"));
  }

  private record Era(int number) {
    /** Its last moment is longer ago than the time to remember. */
    boolean isForgotten(int now) {
      return now - number > ERAS;
    }
  }
}
