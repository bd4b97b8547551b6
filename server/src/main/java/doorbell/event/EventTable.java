package doorbell.event;

import static java.util.Objects.requireNonNull;

import doorbell.count.Histogram;
import doorbell.event.EventVariable.Attempt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All event variables that have waiters or are being set at this moment; the store knows earlier
 * sets. Any thread may call.
 *
 * <p>No wake is lost: a waiter is linked first and the store is asked second; a setter flips the
 * variable first, and the table forgets the variable only when the store answers for it. So either
 * the waiter sees the set, or the setter sees the waiter.
 */
public final class EventTable {
  /** Waiters taken under a lock at once: no lock is held over a crowd. */
  private static final int TAKE = 256;

  /**
   * Bits of the number of locks, each for a share of the variables: more locks than threads that
   * want a lock at the same time.
   */
  private static final int PART_BITS = 6;

  private final EventTableShard[] parts =
      Stream.generate(EventTableShard::new).limit(1 << PART_BITS).toArray(EventTableShard[]::new);

  private final SetStore store;

  /** The store, if other nodes share it; null for a store that this process writes alone. */
  private final @Nullable SharedStore shared;

  private final Pacer pacer;
  private final LongAdder failures = new LongAdder();

  /** Runs a task later; the node's event loops do. */
  public interface Pacer {
    void after(long millis, Runnable task);
  }

  public EventTable(SetStore store, Pacer pacer) {
    this.store = store;
    this.pacer = pacer;
    this.shared = store instanceof SharedStore others ? others : null;
    if (shared != null) {
      Sweep sweep = new Sweep(parts, shared, pacer, id -> hear(id, Pace.AT_ONCE));
      shared.listen(new Elsewhere(sweep));
      sweep.start();
    }
  }

  /** What a shared store tells. */
  private final class Elsewhere implements SharedStore.Listener {
    private final Sweep sweep;

    private Elsewhere(Sweep sweep) {
      this.sweep = sweep;
    }

    @Override
    public void onSet(EventId id, long spreadMillis) {
      hear(id, Pace.over(spreadMillis));
    }

    @Override
    public void onGap() {
      sweep.onGap();
    }
  }

  /** Number of variables that have waiters or are being set now. */
  public int size() {
    return Stream.of(parts).mapToInt(EventTableShard::size).sum();
  }

  /**
   * Links {@code waiter} to the event and then looks the event up. True: the event is set, now or
   * before. False: the event was not set, and the waiter will be woken by a set. Fails with {@link
   * StoreException} when the store can't tell. After any end, the waiter calls {@link #leave} once.
   */
  public CompletionStage<Boolean> wait(Waiter waiter) {
    EventId id = waiter.id;
    if (part(id).join(waiter)) {
      return SetStore.YES;
    }
    if (shared != null) {
      return shared.lookUp(id); // Never a "no" to call a later set new by.
    }
    CompletionStage<Boolean> set = store.isSetOrLater(id);
    waiter.foundUnset = set == SetStore.NO;
    return set;
  }

  /** Tells if the event is set now; no waiter is linked. */
  public CompletionStage<Boolean> isSet(EventId id) {
    return part(id).isSet(id) ? SetStore.YES : store.isSet(id);
  }

  /**
   * Looks up each event that somebody waits for, and wakes the waiters of those that are set. For a
   * store that has just opened; blocks.
   *
   * @return false if the store could not tell of some: call again
   */
  public boolean lookUpAll() {
    boolean all = true;
    for (EventTableShard part : parts) {
      EventTableShard.Reach reach = new EventTableShard.Reach(0, 1);
      while (reach.chain() < reach.chains()) {
        List<EventId> ids = new ArrayList<>();
        reach = part.waitedFor(reach.chain(), Sweep.MOST_IDS, ids);
        all &= lookUp(ids);
      }
    }
    return all;
  }

  private boolean lookUp(List<EventId> ids) {
    List<CompletableFuture<Void>> looks = new ArrayList<>();
    for (EventId id : ids) {
      CompletionStage<Boolean> look = store.isSet(id);
      looks.add(look.thenAccept(found -> wakeIf(found, id)).toCompletableFuture());
    }
    boolean all = true;
    for (CompletableFuture<Void> look : looks) {
      all &= look.handle((done, failure) -> failure == null).join();
    }
    flush();
    return all;
  }

  /** A set that the store has already wakes as any other, and is not written again. */
  private void wakeIf(boolean isSet, EventId id) {
    if (isSet) {
      set(id, 0);
    }
  }

  /**
   * Ends a wait, at the same cost for any number of other waiters: from now on the waiter is not
   * told.
   *
   * @return true if the event is known to be set: the waiter was told already, or was about to be
   */
  public boolean leave(Waiter waiter) {
    return waiter.variable == null || part(waiter.id).leave(waiter);
  }

  /**
   * Sets the event: wakes the waiters, evenly over {@code spreadMillis}, and has the store keep the
   * set, at the next {@link #flush} at the latest. If the event is set already and the waiters are
   * being woken, all are woken within {@code spreadMillis} at the latest. Completes when the set is
   * kept: true for one caller, false for others. Fails with {@link StoreException} when the set
   * could not be kept; waiters may have been woken all the same.
   */
  public CompletionStage<Boolean> set(EventId id, long spreadMillis) {
    Attempt mine = new Attempt(Pace.over(spreadMillis));
    Attempt counts = part(id).set(id, mine);
    EventVariable variable = requireNonNull(mine.variable);
    if (mine.wakes) {
      wake(variable, mine.pace);
    }
    if (counts != mine) {
      if (mine.wakes && shared != null) {
        shared.hasten(id, spreadMillis);
      }
      return counts.thenApply(first -> false);
    }
    keep(variable, mine, spreadMillis);
    return mine;
  }

  private void keep(EventVariable variable, Attempt mine, long spreadMillis) {
    CompletionStage<Boolean> kept;
    try {
      kept =
          shared == null
              ? store.setSoon(variable.id, mine.isNew)
              : shared.setSoon(variable.id, spreadMillis);
    } catch (RuntimeException | Error e) {
      kept = CompletableFuture.failedStage(e);
    }
    kept.whenComplete((first, failure) -> stored(variable, mine, first, failure));
  }

  /** The event was set elsewhere: wakes who waits here. Nothing to do where nobody waits. */
  private void hear(EventId id, Pace pace) {
    Attempt theirs = new Attempt(pace);
    EventVariable variable = part(id).hear(id, theirs);
    if (variable != null && theirs.wakes) {
      wake(variable, pace);
    }
  }

  /** Has the store keep all sets: see {@link SetStore#flush}. */
  public void flush() {
    store.flush();
  }

  /** Sets that the store could not keep, since the start. */
  public long failures() {
    return failures.sum();
  }

  /** Sets that the store has not answered: see {@link SetStore#queued}. */
  public int queued() {
    return store.queued();
  }

  /** The times of sets in the store: see {@link SetStore#times}. */
  public @Nullable Histogram storeTimes() {
    return store.times();
  }

  /** Files that the store may still open: see {@link SetStore#moreFiles}. */
  public int moreFiles() {
    return store.moreFiles();
  }

  private void stored(
      EventVariable variable, Attempt attempt, Boolean first, @Nullable Throwable failure) {
    part(variable.id).stored(variable, failure == null);
    if (failure == null) {
      attempt.complete(first);
    } else {
      failures.increment();
      attempt.completeExceptionally(failure);
    }
  }

  /** The parts of a shared store; none of a store that this process writes alone. */
  public List<SharedStore.Member> members() {
    return shared == null ? List.of() : shared.members();
  }

  /** The reason that a shared store keeps this node from serving now; null if none does. */
  public @Nullable String fault() {
    return shared == null ? null : shared.fault();
  }

  private EventTableShard part(EventId id) {
    return parts[id.hashCode() >>> (Integer.SIZE - PART_BITS)];
  }

  private void wake(EventVariable variable, Pace pace) {
    if (pace == Pace.AT_ONCE) {
      wake(variable, variable.crowd()); // A set event's crowd only shrinks: no waiter joins.
    } else {
      new PacedWake(variable, pace).run();
    }
  }

  /** Wakes up to {@code limit} waiters; false when no waiter is left. */
  private boolean wake(EventVariable variable, int limit) {
    EventTableShard part = part(variable.id);
    int left = limit;
    while (left > 0) {
      Waiter chain = part.take(variable, Math.min(left, TAKE));
      if (chain == null) {
        break;
      }
      left -= tell(chain);
    }
    return left == 0;
  }

  private static int tell(Waiter chain) {
    int told = 0;
    for (Waiter waiter = chain; waiter != null; told++) {
      Waiter next = waiter.next;
      waiter.next = null;
      wake(waiter);
      waiter = next;
    }
    return told;
  }

  /** A waiter that can't be told counts as gone: other waiters and the store are still told. */
  private static void wake(Waiter waiter) {
    try {
      waiter.wake();
    } catch (RuntimeException | Error e) {
      // Waiters must not throw; nothing here could help.
    }
  }

  /** Wakes an even share of the waiters left at each step, unless a faster set took over. */
  private final class PacedWake implements Runnable {
    private final EventVariable variable;
    private final Pace pace;

    private PacedWake(EventVariable variable, Pace pace) {
      this.variable = variable;
      this.pace = pace;
    }

    @Override
    public void run() {
      int share = part(variable.id).step(variable, pace);
      if (share > 0 && wake(variable, share) && pace.nextMillis() > 0) {
        pacer.after(pace.nextMillis(), this);
      }
    }
  }
}
