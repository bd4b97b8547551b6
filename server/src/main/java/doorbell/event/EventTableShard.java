package doorbell.event;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventVariable.Attempt;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A share of the event variables, by id: chains in a table, with one lock for the table, the
 * variables and the waiters. Any thread may call; each method is atomic, and holds the lock for a
 * handful of links, for the waiters of a take, or while the table doubles.
 *
 * <p>A variable is here while any waiter waits or the store is busy with a set. The step that ends
 * the last of both also forgets the variable.
 */
final class EventTableShard {
  private static final int FIRST_CHAINS = 4;

  /** Chains that a sweep goes over at once: no lock is held for long. */
  private static final int MOST_CHAINS = 4_096;

  /**
   * A lock, not a monitor: after two threads met at a monitor, the JVM looks that monitor up in a
   * table from then on.
   */
  private final ReentrantLock lock = new ReentrantLock();

  private @Nullable Entry[] chains = new Entry[FIRST_CHAINS];
  private int size;

  /**
   * A variable, or the only waiter of an unset event: most waiters wait alone, and need no
   * variable.
   */
  abstract static class Entry {
    final EventId id;
    @Nullable Entry chained;

    Entry(EventId id) {
      this.id = id;
    }
  }

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
      return find(id) instanceof EventVariable variable && variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Links the waiter, unless the event is set: then true. */
  boolean join(Waiter waiter) {
    lock.lock();
    try {
      Entry known = find(waiter.id);
      if (known == null) {
        waiter.variable = EventVariable.NONE;
        add(waiter);
        return false;
      }
      EventVariable variable = variable(known);
      if (!variable.isSet()) {
        variable.link(waiter);
      }
      return variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Unlinks the waiter; true if the event is set. A setter may have taken the waiter already. */
  boolean leave(Waiter waiter) {
    lock.lock();
    try {
      EventVariable variable = waiter.variable;
      if (variable == null) {
        return true;
      }
      if (variable == EventVariable.NONE) {
        waiter.variable = null;
        remove(waiter);
        return false;
      }
      variable.unlink(waiter);
      forgetIfDone(variable);
      return variable.isSet();
    } finally {
      lock.unlock();
    }
  }

  /** Sets the event, and returns the set that counts: {@code mine} or an earlier set. */
  Attempt set(EventId id, Attempt mine) {
    lock.lock();
    try {
      Entry known = find(id);
      EventVariable variable = known == null ? add(new EventVariable(id)) : variable(known);
      return variable.set(mine);
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

  /** Number of waiters to tell now, at that pace: see {@link EventVariable#step}. */
  int step(EventVariable variable, Pace pace) {
    lock.lock();
    try {
      return variable.step(pace);
    } finally {
      lock.unlock();
    }
  }

  /** Takes up to {@code limit} waiters, in order of arrival, as a chain by {@code next}. */
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

  /** A set elsewhere: see {@link EventVariable#hear}. Null if nobody waits and nobody sets here. */
  @Nullable EventVariable hear(EventId id, Attempt theirs) {
    lock.lock();
    try {
      Entry known = find(id);
      if (known == null) {
        return null;
      }
      EventVariable variable = variable(known);
      variable.hear(theirs);
      return variable;
    } finally {
      lock.unlock();
    }
  }

  /**
   * How far a look over the chains went.
   *
   * @param chain the chain that comes next
   * @param chains the number of chains
   */
  record Reach(int chain, int chains) {}

  /**
   * Adds unset events that are waited for, in chains from {@code from} on, to {@code ids}: about
   * {@code most} of them. The table may double between two calls; then an id is met twice at worst.
   */
  Reach waitedFor(int from, int most, List<EventId> ids) {
    lock.lock();
    try {
      int enough = ids.size() + most;
      int end = Math.min(chains.length, from + MOST_CHAINS);
      int chain = from;
      while (chain < end && ids.size() < enough) {
        for (Entry entry = chains[chain]; entry != null; entry = entry.chained) {
          if (!(entry instanceof EventVariable variable && variable.isSet())) {
            ids.add(entry.id);
          }
        }
        chain++;
      }
      return new Reach(chain, chains.length);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable Entry find(EventId id) {
    Entry entry = chains[chain(id)];
    while (entry != null && !entry.id.equals(id)) {
      entry = entry.chained;
    }
    return entry;
  }

  /** The entry's variable; made now, if the entry is a waiter that was alone until now. */
  private EventVariable variable(Entry entry) {
    if (entry instanceof EventVariable variable) {
      return variable;
    }
    remove(entry);
    EventVariable variable = add(new EventVariable(entry.id));
    variable.link((Waiter) entry);
    return variable;
  }

  private <T extends Entry> T add(T added) {
    if (size == chains.length) {
      grow();
    }
    size++;
    int chain = chain(added.id);
    added.chained = chains[chain];
    chains[chain] = added;
    return added;
  }

  private void forgetIfDone(EventVariable variable) {
    if (variable.isDone()) {
      remove(variable);
    }
  }

  private void remove(Entry entry) {
    size--;
    int chain = chain(entry.id);
    Entry before = requireNonNull(chains[chain]);
    if (before == entry) {
      chains[chain] = entry.chained;
    } else {
      while (before.chained != entry) {
        before = requireNonNull(before.chained);
      }
      before.chained = entry.chained;
    }
    entry.chained = null;
  }

  private void grow() {
    @Nullable Entry[] smaller = chains;
    chains = new Entry[2 * smaller.length];
    for (Entry head : smaller) {
      Entry entry = head;
      while (entry != null) {
        Entry next = entry.chained;
        int chain = chain(entry.id);
        entry.chained = chains[chain];
        chains[chain] = entry;
        entry = next;
      }
    }
  }

  private int chain(EventId id) {
    return id.hashCode() & (chains.length - 1);
  }
}
