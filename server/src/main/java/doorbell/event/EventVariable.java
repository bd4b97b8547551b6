package doorbell.event;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One event variable, for as long as several wait for it or somebody sets it. All of it belongs to
 * the lock of the {@link EventTableShard} that it is one of.
 *
 * <pre>
 * unset --set--> set: the store keeps it, waiters are told --both done--> forgotten
 *   |                                           (from now on the store answers for it)
 *   +-----the last waiter leaves--> forgotten
 * </pre>
 */
final class EventVariable extends EventTableShard.Entry {
  /** A set that the store is asked to keep: true for the one that was first. */
  static final class Attempt extends CompletableFuture<Boolean> {
    /** What it sets. */
    @Nullable EventVariable variable;

    /** Of the attempt that counts: the fastest that any has asked for. */
    Pace pace;

    /** Nobody has set it before, as one who waits for it found. */
    boolean isNew;

    /** It is the first, or faster than all before: its setter tells who is left, at its pace. */
    boolean wakes;

    private boolean failed;

    Attempt(Pace pace) {
      this.pace = pace;
    }
  }

  private static final int SET = 1;

  /** The store is busy with {@link #attempt}. */
  private static final int KEEPING = 2;

  private static final int FORGOTTEN = 4;
  private static final int WAITER = 8;

  /** Stands for the variable of a waiter that waits alone, which has none. */
  static final EventVariable NONE = new EventVariable(new EventId.Plain(0, 0));

  /** The flags, and so many times {@link #WAITER}: a variable is no larger than it must be. */
  private int state;

  private @Nullable Waiter first;

  /** The set that the store was asked to keep last; null if it wasn't asked. */
  private @Nullable Attempt attempt;

  EventVariable(EventId id) {
    super(id);
  }

  boolean isSet() {
    return (state & SET) != 0;
  }

  /** How many wait. */
  int crowd() {
    return state / WAITER;
  }

  /** Sets it, and answers the set that counts: this one or an earlier one. */
  Attempt set(Attempt mine) {
    state |= SET;
    Attempt counts = attempt == null ? mine : attempt;
    mine.variable = this;
    mine.wakes = counts == mine || mine.pace.isFasterThan(counts.pace);
    if (counts.failed || counts == mine) {
      mine.isNew = first != null && first.foundUnset;
      state |= KEEPING;
      mine.pace = mine.wakes ? mine.pace : counts.pace;
      attempt = mine;
      return mine;
    }
    counts.pace = mine.wakes ? mine.pace : counts.pace;
    return counts;
  }

  /** The store has answered. If it failed, the next set asks it again. */
  void stored(boolean kept) {
    state &= ~KEEPING;
    requireNonNull(attempt).failed = !kept;
  }

  /**
   * Goes on at that pace: how many to tell now. 0 if nobody is left, or a faster set tells them.
   */
  int step(Pace pace) {
    return first != null && requireNonNull(attempt).pace == pace ? pace.step(crowd()) : 0;
  }

  /** Whether it is to be forgotten now: nobody needs it any more. Says so once. */
  boolean isDone() {
    boolean done = first == null && (state & (KEEPING | FORGOTTEN)) == 0;
    state |= done ? FORGOTTEN : 0;
    return done;
  }

  /** Unlinks up to {@code limit} waiters, the first come first: a chain by {@code next}. */
  @Nullable Waiter take(int limit) {
    Waiter chain = first;
    Waiter last = null;
    for (int i = 0; i < limit && first != null; i++) {
      Waiter waiter = requireNonNull(first);
      unlink(waiter);
      if (last != null) {
        last.next = waiter;
      }
      last = waiter;
    }
    return chain;
  }

  void link(Waiter waiter) {
    Waiter head = first == null ? waiter : first;
    Waiter last = first == null ? waiter : requireNonNull(head.previous);
    waiter.previous = last;
    waiter.next = head;
    last.next = waiter;
    head.previous = waiter;
    first = head;
    waiter.variable = this;
    state += WAITER;
  }

  void unlink(Waiter waiter) {
    Waiter after = requireNonNull(waiter.next);
    Waiter before = requireNonNull(waiter.previous);
    before.next = after;
    after.previous = before;
    if (first == waiter) {
      first = after == waiter ? null : after;
    }
    waiter.variable = null;
    waiter.previous = null;
    waiter.next = null;
    state -= WAITER;
  }
}
