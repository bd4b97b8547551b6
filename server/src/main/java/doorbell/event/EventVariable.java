package doorbell.event;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An event variable: made when a second waiter comes, or when a setter sets the event. Belongs to
 * the lock of the {@link EventTableShard} that has the variable.
 *
 * <pre>
 * unset --set--> set: the store keeps it, waiters are told --both done--> forgotten
 *   |                                           (from now on the store answers for it)
 *   +-----the last waiter leaves--> forgotten
 * </pre>
 */
final class EventVariable extends EventTableShard.Entry {
  /** A set that the store is asked to keep; completes with true for the first set of the event. */
  static final class Attempt extends CompletableFuture<Boolean> {
    /** The variable that this attempt sets. */
    @Nullable EventVariable variable;

    /** Pace of the wakes: in the attempt that counts, the fastest that any set has asked for. */
    Pace pace;

    /** The event is new: the first waiter found the event unset in the store. */
    boolean isNew;

    /**
     * The attempt is the first, or faster than all before: the setter tells the waiters left, at
     * this pace.
     */
    boolean wakes;

    /** The store does not have this set, as far as this node knows: the next set asks the store. */
    private boolean unkept;

    Attempt(Pace pace) {
      this.pace = pace;
    }
  }

  private static final int SET = 1;

  /** The store is busy with {@link #attempt}. */
  private static final int KEEPING = 2;

  private static final int FORGOTTEN = 4;
  private static final int WAITER = 8;

  /** Stands for the variable of a waiter that waits alone, and has no variable. */
  static final EventVariable NONE = new EventVariable(new EventId.Plain(0, 0));

  /** The flags, and {@link #WAITER} for each waiter: a variable is no larger than necessary. */
  private int state;

  private @Nullable Waiter first;

  /** The set that the store was asked to keep last; null before the first set. */
  private @Nullable Attempt attempt;

  EventVariable(EventId id) {
    super(id);
  }

  boolean isSet() {
    return (state & SET) != 0;
  }

  /** Number of waiters. */
  int crowd() {
    return state / WAITER;
  }

  /** Sets the event, and returns the set that counts: {@code mine} or an earlier set. */
  Attempt set(Attempt mine) {
    state |= SET;
    Attempt counts = attempt == null ? mine : attempt;
    mine.variable = this;
    mine.wakes = counts == mine || mine.pace.isFasterThan(counts.pace);
    if (counts.unkept || counts == mine) {
      mine.isNew = first != null && first.foundUnset;
      state |= KEEPING;
      mine.pace = mine.wakes ? mine.pace : counts.pace;
      attempt = mine;
      return mine;
    }
    counts.pace = mine.wakes ? mine.pace : counts.pace;
    return counts;
  }

  /**
   * The event was set elsewhere: wakes as a set does. The store isn't asked, and is asked by the
   * next set here, since only then is the store's promise known to hold.
   */
  void hear(Attempt theirs) {
    state |= SET;
    theirs.variable = this;
    if (attempt == null) {
      attempt = theirs;
      theirs.unkept = true;
      theirs.wakes = true;
      return;
    }
    theirs.wakes = theirs.pace.isFasterThan(attempt.pace);
    attempt.pace = theirs.wakes ? theirs.pace : attempt.pace;
  }

  /** The store has answered. After a failure, the next set asks the store again. */
  void stored(boolean kept) {
    state &= ~KEEPING;
    requireNonNull(attempt).unkept = !kept;
  }

  /**
   * Takes a step at that pace: the number of waiters to tell now. 0 if no waiter is left, or a
   * faster set tells the waiters.
   */
  int step(Pace pace) {
    return first != null && requireNonNull(attempt).pace == pace ? pace.step(crowd()) : 0;
  }

  /** True, once, when the variable is to be forgotten, since nobody needs it any more. */
  boolean isDone() {
    boolean done = first == null && (state & (KEEPING | FORGOTTEN)) == 0;
    state |= done ? FORGOTTEN : 0;
    return done;
  }

  /** Unlinks up to {@code limit} waiters, in order of arrival: a chain by {@code next}. */
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
