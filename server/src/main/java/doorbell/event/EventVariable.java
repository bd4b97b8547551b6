package doorbell.event;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One event variable, for as long as somebody waits for it or sets it. Any thread may call it; each
 * method is atomic, and none holds the lock for longer than a handful of links.
 *
 * <pre>
 * unset --set--> set: the store keeps it, waiters are told --both done--> forgotten
 *   |                                           (from now on the store answers for it)
 *   +-----the last waiter leaves--> forgotten
 * </pre>
 *
 * A forgotten variable is on its way out of {@link EventTable} and takes nobody any more.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // Every update is under the lock.
final class EventVariable {
  private static final int SET = 1;
  private static final int FORGOTTEN = 2;

  /** The store is busy with {@link #attempt}. */
  private static final int KEEPING = 4;

  private static final int WAITER = 8;

  final EventId id;

  /** The flags, and so many times {@link #WAITER}: a variable is no larger than it must be. */
  private volatile int state;

  private @Nullable Waiter first;

  /** The set that the store was asked to keep; null if it wasn't asked, or failed. */
  private @Nullable CompletableFuture<Boolean> attempt;

  EventVariable(EventId id) {
    this.id = id;
  }

  boolean isSet() {
    return is(SET);
  }

  boolean isForgotten() {
    return is(FORGOTTEN);
  }

  private boolean is(int flag) {
    return (state & flag) != 0;
  }

  /** Links the waiter, unless the variable is set; false if the variable is forgotten. */
  synchronized boolean join(Waiter waiter) {
    if (is(FORGOTTEN)) {
      return false;
    }
    if (!is(SET)) {
      link(waiter);
    }
    return true;
  }

  /** Unlinks the waiter; true if the variable is set. A waiter that was told already may call. */
  synchronized boolean leave(Waiter waiter) {
    if (waiter.variable != this) {
      return true;
    }
    unlink(waiter);
    forgetWhenDone();
    return is(SET);
  }

  /** Sets it, and answers the set that counts: this one or an earlier one; null if forgotten. */
  synchronized @Nullable CompletableFuture<Boolean> set(CompletableFuture<Boolean> mine) {
    if (is(FORGOTTEN)) {
      return null;
    }
    state |= SET;
    if (attempt == null) {
      attempt = mine;
      state |= KEEPING;
    }
    return attempt;
  }

  /** The store has answered. If it failed, the next set asks it again. */
  synchronized void stored(boolean kept) {
    state &= ~KEEPING;
    if (!kept) {
      attempt = null;
    }
    forgetWhenDone();
  }

  /** Takes up to {@code limit} waiters, the first come first, as a chain by {@code next}. */
  synchronized @Nullable Waiter take(int limit) {
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
    forgetWhenDone();
    return chain;
  }

  synchronized int size() {
    return state / WAITER;
  }

  private void forgetWhenDone() {
    state = first == null && !is(KEEPING) ? state | FORGOTTEN : state & ~FORGOTTEN;
  }

  private void link(Waiter waiter) {
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

  private void unlink(Waiter waiter) {
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
