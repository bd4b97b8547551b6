package doorbell.admin;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.StoreException;
import doorbell.event.Waiter;
import java.security.SecureRandom;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells if a node should get requests. A bell of its own goes round every few seconds: a wait for a
 * new event, and a set, which goes through the store as any set does. Any thread may ask.
 */
final class Readiness implements Runnable, AutoCloseable {
  /** The time between two bells, in seconds. */
  static final long EACH_SECONDS = 5;

  /** A bell without an answer for this time means that the store can't be reached. */
  static final long LATE_SECONDS = 10;

  private final EventTable table;
  private final LongSupplier nanoTime;

  /**
   * Each bell is an event of its own, which has a store write. One event does in memory, where
   * there is room for few sets, and in a store that nodes share, which rings bells of its own.
   */
  private final boolean isWritten;

  private final SecureRandom random = new SecureRandom();
  private EventId id = newId();
  private final ScheduledThreadPoolExecutor clock;
  private volatile @Nullable String fault = "the store has not answered yet";
  private volatile boolean draining;

  /** The time at which the bell that is on its way was rung; no bell is on its way if 0. */
  private volatile long rung;

  private final class Bell extends Waiter {
    private volatile boolean heard;

    private Bell() {
      super(id);
    }

    @Override
    protected void wake() {
      heard = true;
    }
  }

  Readiness(Node node, LongSupplier nanoTime) {
    this.table = node.table();
    this.isWritten = !node.about().store().equals(Node.About.MEMORY) && table.members().isEmpty();
    this.nanoTime = nanoTime;
    this.clock =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("doorbell-bell").factory());
  }

  private EventId newId() {
    return new EventId.Plain(random.nextLong(), random.nextLong());
  }

  /** Rings at once, and then every few seconds. */
  void start() {
    clock.scheduleWithFixedDelay(this, 0, EACH_SECONDS, TimeUnit.SECONDS);
  }

  /** Rings, unless the last bell is still on its way. */
  @Override
  public void run() {
    if (rung != 0) {
      return;
    }
    rung = Math.max(1, nanoTime.getAsLong());
    id = isWritten ? newId() : id;
    Bell bell = new Bell();
    try {
      table.wait(bell);
      table.set(bell.id(), 0).whenComplete((first, failure) -> onStored(bell, failure));
      table.flush();
    } catch (RuntimeException | Error e) {
      onStored(bell, e);
    }
  }

  private void onStored(Bell bell, @Nullable Throwable failure) {
    boolean heard = table.leave(bell) && bell.heard;
    rung = 0;
    if (failure != null) {
      fault = failure instanceof StoreException ? failure.getMessage() : "the store failed";
    } else {
      fault = heard ? null : "a set woke no waiter";
    }
  }

  /** The node is about to end. */
  void drain() {
    draining = true;
  }

  /** The reason that the node should get no requests now, as a sentence; null if it should. */
  @Nullable String fault() {
    if (draining) {
      return "the node is about to end; its clients are told to come back";
    }
    long began = rung;
    long seconds = TimeUnit.NANOSECONDS.toSeconds(nanoTime.getAsLong() - began);
    if (began != 0 && seconds >= LATE_SECONDS) {
      return "the store has not answered for " + seconds + " s";
    }
    String ofStore = table.fault();
    return ofStore == null ? fault : ofStore;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
