package doorbell.event;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Looks each id that is waited for up again, once in the store's sweep time, and at once after a
 * gap, since notifications may be lost. A cursor over the parts of the table: a wait has no state
 * for it. A step begins when the looks of the step before are answered, so that a slow store isn't
 * asked for more.
 */
final class Sweep {
  /** Ids that are looked up in a step. */
  static final int MOST_IDS = 1_000;

  /** Time between two steps after a gap, in milliseconds: at most 100,000 ids a second. */
  private static final int HURRY_MILLIS = 10;

  /** Each look has a shorter limit; a round goes on though a store should forget one. */
  private static final int MOST_STEP_SECONDS = 30;

  private final EventTableShard[] parts;
  private final SharedStore store;
  private final EventTable.Pacer pacer;
  private final Consumer<EventId> found;
  private final double partMillis;

  /** Gaps that no round has begun after; above 0 while a round after a gap runs. */
  private final AtomicInteger gaps = new AtomicInteger();

  /** {@code found} is told of each id that turns out to be set. */
  Sweep(
      EventTableShard[] parts, SharedStore store, EventTable.Pacer pacer, Consumer<EventId> found) {
    this.parts = parts;
    this.store = store;
    this.pacer = pacer;
    this.found = found;
    this.partMillis = store.sweepTime().toMillis() / (double) parts.length;
  }

  /** Begins the rounds, which end when the store is closed. */
  void start() {
    pacer.after((long) partMillis, new Round(false));
  }

  /** Sets may have been missed: looks all ids up, in a round of its own. Any thread. */
  void onGap() {
    if (gaps.getAndIncrement() == 0) {
      pacer.after(0, new Round(true));
    }
  }

  /** A cursor; each step is run by the pacer, one after the other. */
  private final class Round implements Runnable {
    private final boolean afterGap;
    private int known = gaps.get();
    private int part;
    private int chain;
    private double pauseMillis;
    private long begun;

    Round(boolean afterGap) {
      this.afterGap = afterGap;
    }

    @Override
    public void run() {
      if (store.isClosed()) {
        return;
      }
      begun = System.nanoTime();
      List<EventId> ids = new ArrayList<>();
      double share = 0;
      do {
        share += collect(ids);
      } while (afterGap && part < parts.length && ids.size() < MOST_IDS);
      pauseMillis = afterGap ? HURRY_MILLIS : pauseMillis + share * partMillis;
      CompletableFuture<?>[] looks =
          ids.stream().map(this::look).toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(looks)
          .completeOnTimeout(null, MOST_STEP_SECONDS, TimeUnit.SECONDS)
          .whenComplete((done, failure) -> next());
    }

    /** Takes ids from the cursor on; returns the share of a part that the cursor went over. */
    private double collect(List<EventId> ids) {
      EventTableShard of = parts[part];
      EventTableShard.Reach reach = of.waitedFor(chain, MOST_IDS - ids.size(), ids);
      double share = (reach.chain() - chain) / (double) reach.chains();
      chain = reach.chain();
      if (chain == reach.chains()) {
        chain = 0;
        part++;
      }
      return share;
    }

    private CompletableFuture<?> look(EventId id) {
      CompletionStage<Boolean> look;
      try {
        look = store.lookUp(id);
      } catch (RuntimeException | Error e) {
        look = CompletableFuture.failedStage(e);
      }
      return look.handle(
              (isSet, failure) -> {
                if (failure == null && isSet) {
                  found.accept(id);
                }
                return isSet;
              })
          .toCompletableFuture();
    }

    private void next() {
      if (part == parts.length) {
        part = 0;
        if (afterGap && gaps.addAndGet(-known) == 0) {
          return;
        }
        known = gaps.get();
      }
      long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      long pause = (long) Math.max(0, pauseMillis - took);
      // Below 0 is time that the next steps have less, of one round at most.
      pauseMillis = Math.max(-partMillis * parts.length, pauseMillis - took - pause);
      pacer.after(pause, this);
    }
  }
}
