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
final class EventVariable {
  final EventId id;
  private volatile boolean set;
  private volatile boolean forgotten;
  private volatile @Nullable Waiter first;
  private int size;

  /** The set that the store was asked to keep; null if it wasn't asked, or failed. */
  private @Nullable CompletableFuture<Boolean> attempt;

  /** The store is busy with {@link #attempt}. */
  private boolean keeping;

  EventVariable(EventId id) {
    this.id = id;
  }

  boolean isSet() {
    return set;
  }

  boolean isForgotten() {
    return forgotten;
  }

  /** Links the waiter, unless the variable is set; false if the variable is forgotten. */
  synchronized boolean join(Waiter waiter) {
    if (forgotten) {
      return false;
    }
    if (!set) {
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
    return set;
  }

  /** Sets it, and answers the set that counts: this one or an earlier one; null if forgotten. */
  synchronized @Nullable CompletableFuture<Boolean> set(CompletableFuture<Boolean> mine) {
    if (forgotten) {
      return null;
    }
    set = true;
    if (attempt == null) {
      attempt = mine;
      keeping = true;
    }
    return attempt;
  }

  /** The store has answered. If it failed, the next set asks it again. */
  synchronized void stored(boolean kept) {
    keeping = false;
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
    return size;
  }

  private void forgetWhenDone() {
    forgotten = first == null && !keeping;
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
    size++;
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
    size--;
  }
}
