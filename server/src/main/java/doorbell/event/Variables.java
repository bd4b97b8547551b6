package doorbell.event;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventVariable.Attempt;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Some of the event variables, by id: chains in a table, with one lock for the table, its variables
 * and their waiters. Any thread may call; each method is atomic, and holds the lock for a handful
 * of links, or while the table doubles.
 *
 * <p>A variable is here while somebody waits for it or the store is busy with it, and is forgotten
 * by whoever ends the last of that, in the same step.
 */
final class Variables {
  private static final int FIRST_CHAINS = 4;

  /** Not a monitor: where two threads met at one, the JVM looks it up in a table from then on. */
  private final ReentrantLock lock = new ReentrantLock();

  private @Nullable EventVariable[] chains = new EventVariable[FIRST_CHAINS];
  private int size;

  int size() {
    lock.lock();
    try {
      return size;
    } finally {
      lock.unlock();
    }
  }

  boolean isSet(EventId id) {
    lock.lock();
    try {
      EventVariable variable = find(id);
      return variable != null && variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Links the waiter, unless the event is set: then true. */
  boolean join(EventId id, Waiter waiter) {
    lock.lock();
    try {
      EventVariable variable = findOrAdd(id);
      if (!variable.isSet()) {
        variable.link(waiter);
      }
      return variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Unlinks the waiter; true if the event is set. Somebody may have taken the waiter already. */
  boolean leave(EventVariable variable, Waiter waiter) {
    lock.lock();
    try {
      if (waiter.variable != variable) {
        return true;
      }
      variable.unlink(waiter);
      forgetIfDone(variable);
      return variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Sets the event, and answers the set that counts: {@code mine} or an earlier one. */
  Attempt set(EventId id, Attempt mine) {
    lock.lock();
    try {
      EventVariable variable = findOrAdd(id);
      Attempt counts = variable.set(mine);
      mine.variable = counts == mine ? variable : null;
      return counts;
    } finally {
      lock.unlock();
    }
  }

  void stored(EventVariable variable, boolean kept) {
    lock.lock();
    try {
      variable.stored(kept);
      forgetIfDone(variable);
    } finally {
      lock.unlock();
    }
  }

  /** Takes up to {@code limit} waiters, the first come first, as a chain by {@code next}. */
  @Nullable Waiter take(EventVariable variable, int limit) {
    lock.lock();
    try {
      Waiter chain = variable.take(limit);
      forgetIfDone(variable);
      return chain;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable EventVariable find(EventId id) {
    int hash = id.hashCode();
    EventVariable variable = chains[chain(hash)];
    while (variable != null && !(variable.hash == hash && variable.id.equals(id))) {
      variable = variable.next;
    }
    return variable;
  }

  private EventVariable findOrAdd(EventId id) {
    EventVariable known = find(id);
    if (known != null) {
      return known;
    }
    if (size == chains.length) {
      grow();
    }
    size++;
    int chain = chain(id.hashCode());
    EventVariable added = new EventVariable(id, chains[chain]);
    chains[chain] = added;
    return added;
  }

  private void forgetIfDone(EventVariable variable) {
    if (!variable.isDone()) {
      return;
    }
    size--;
    int chain = chain(variable.hash);
    EventVariable before = requireNonNull(chains[chain]);
    if (before == variable) {
      chains[chain] = variable.next;
      return;
    }
    while (before.next != variable) {
      before = requireNonNull(before.next);
    }
    before.next = variable.next;
  }

  private void grow() {
    @Nullable EventVariable[] smaller = chains;
    chains = new EventVariable[2 * smaller.length];
    for (EventVariable head : smaller) {
      EventVariable variable = head;
      while (variable != null) {
        EventVariable next = variable.next;
        int chain = chain(variable.hash);
        variable.next = chains[chain];
        chains[chain] = variable;
        variable = next;
      }
    }
  }

  private int chain(int hash) {
    return hash & (chains.length - 1);
  }
}
