package doorbell.event;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventVariable.Attempt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All event variables that somebody waits for or sets at this moment; what was set before is the
 * store's to know. Any thread may call it.
 *
 * <p>Why no wake is lost: a waiter is linked first and the store is asked second; a setter flips
 * the variable first, and the table forgets it only when the store answers for it. So one of the
 * two always sees the other.
 */
public final class EventTable {
  /** Waiters taken under a lock at once: it is never held over a crowd. */
  private static final int TAKE = 256;

  /** Locks, each for its share of the variables: more than threads that want one at a time. */
  private static final int PART_BITS = 6;

  private final EventTableShard[] parts =
      Stream.generate(EventTableShard::new).limit(1 << PART_BITS).toArray(EventTableShard[]::new);

  private final SetStore store;
  private final Pacer pacer;

  /** Runs a task later; the node's event loops do. */
  public interface Pacer {
    void after(long millis, Runnable task);
  }

  public EventTable(SetStore store, Pacer pacer) {
    this.store = store;
    this.pacer = pacer;
  }

  /** How many variables are waited for or being set now. */
  public int size() {
    return Stream.of(parts).mapToInt(EventTableShard::size).sum();
  }

  /**
   * Links {@code waiter} to its event and then looks whether it is set. True: it is, now or before.
   * False: it was not, and the waiter will be woken when it is. Fails with {@link StoreException}
   * when nobody can tell. However it ends, the waiter calls {@link #leave} once afterwards.
   */
  public CompletionStage<Boolean> wait(Waiter waiter) {
    EventId id = waiter.id;
    if (part(id).join(waiter)) {
      return SetStore.YES;
    }
    CompletionStage<Boolean> set = store.isSet(id);
    waiter.foundUnset = set == SetStore.NO;
    return set;
  }

  /** Whether the event is set now; nobody is linked. */
  public CompletionStage<Boolean> isSet(EventId id) {
    return part(id).isSet(id) ? SetStore.YES : store.isSet(id);
  }

  /**
   * Ends a wait, at the same cost whoever else waits: from now on the waiter is not told.
   *
   * @return whether the event is known to be set: the waiter was told already, or was about to be
   */
  public boolean leave(Waiter waiter) {
    return waiter.variable == null || part(waiter.id).leave(waiter);
  }

  /**
   * Sets the event: wakes its waiters, evenly over {@code spreadMillis}, and has the store keep it,
   * at the next {@link #flush} at the latest. Where it is set already and its waiters are being
   * woken, they are by then at the latest. Completes when it is kept: true for exactly one caller.
   * Fails with {@link StoreException} when it could not be kept; those who waited may have been
   * woken all the same.
   */
  public CompletionStage<Boolean> set(EventId id, long spreadMillis) {
    Attempt mine = new Attempt(Pace.over(spreadMillis));
    Attempt counts = part(id).set(id, mine);
    EventVariable variable = requireNonNull(mine.variable);
    if (mine.wakes) {
      wake(variable, mine.pace);
    }
    if (counts != mine) {
      return counts.thenApply(first -> false);
    }
    keep(variable, mine);
    return mine;
  }

  private void keep(EventVariable variable, Attempt mine) {
    CompletionStage<Boolean> kept;
    try {
      kept = store.setSoon(variable.id, mine.isNew);
    } catch (RuntimeException | Error e) {
      kept = CompletableFuture.failedStage(e);
    }
    kept.whenComplete((first, failure) -> stored(variable, mine, first, failure));
  }

  /** Has the store keep what was set: see {@link SetStore#flush}. */
  public void flush() {
    store.flush();
  }

  /** Files that the store may open yet: see {@link SetStore#moreFiles}. */
  public int moreFiles() {
    return store.moreFiles();
  }

  private void stored(
      EventVariable variable, Attempt attempt, Boolean first, @Nullable Throwable failure) {
    part(variable.id).stored(variable, failure == null);
    if (failure == null) {
      attempt.complete(first);
    } else {
      attempt.completeExceptionally(failure);
    }
  }

  private EventTableShard part(EventId id) {
    return parts[id.hashCode() >>> (Integer.SIZE - PART_BITS)];
  }

  private void wake(EventVariable variable, Pace pace) {
    if (pace == Pace.AT_ONCE) {
      wake(variable, variable.crowd()); // Since it is set, nobody joins: it only shrinks.
    } else {
      new PacedWake(variable, pace).run();
    }
  }

  /** Wakes up to {@code limit} waiters; false when nobody is left. */
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

  /** One who can't be told is as one who left: the others are told, and the store is. */
  private static void wake(Waiter waiter) {
    try {
      waiter.wake();
    } catch (RuntimeException | Error e) {
      // It must not throw; nobody here could do anything about it.
    }
  }

  /** Wakes an even share of those who are left at each step, unless a faster set took them over. */
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
