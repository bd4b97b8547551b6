package doorbell.bench;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What a race is about: one event, its table, a store and a pacer. Nothing happens later by itself:
 * an actor settles the store and runs what was paced, and the arbiter does the rest.
 *
 * <p>A race has two actors and no third, for jcstress leaves out, without a word, what needs more
 * processors than there are.
 */
abstract class Race {
  static final EventId EVENT = new EventId.Plain(0, 22482);

  final RaceStore store;
  final EventTable table;
  private final Queue<Runnable> paced = new ConcurrentLinkedQueue<>();

  Race() {
    this(RaceStore.Habit.SLOW);
  }

  Race(RaceStore.Habit habit) {
    store = new RaceStore(habit);
    table = new EventTable(store, (millis, task) -> paced.add(task));
  }

  /** Links the waiter; whether it found the event set. */
  final boolean look(CountingWaiter waiter) {
    return table.wait(waiter).toCompletableFuture().resultNow();
  }

  /** Runs what was paced, until nothing is. */
  final void pace() {
    for (Runnable task = paced.poll(); task != null; task = paced.poll()) {
      task.run();
    }
  }

  /** How many variables are there when the store has answered and nothing more is paced. */
  final int leftBehind() {
    store.settle();
    pace();
    return table.size();
  }
}
