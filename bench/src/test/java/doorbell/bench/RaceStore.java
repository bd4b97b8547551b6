package doorbell.bench;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps sets in memory: at once, or when somebody settles what is due. Whoever says that a set is
 * new is believed.
 */
final class RaceStore implements SetStore {
  enum Habit {
    PROMPT,
    SLOW,
    SLOW_AND_FAILS_ONCE
  }

  private final Set<EventId> kept = ConcurrentHashMap.newKeySet();
  private final Queue<Runnable> due = new ConcurrentLinkedQueue<>();
  private final boolean slow;
  private final AtomicBoolean fails;

  RaceStore(Habit habit) {
    slow = habit != Habit.PROMPT;
    fails = new AtomicBoolean(habit == Habit.SLOW_AND_FAILS_ONCE);
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    return kept.contains(id) ? YES : NO;
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    due.add(() -> keep(id, isNew, answer));
    if (!slow) {
      settle();
    }
    return answer;
  }

  /** Answers every set that was asked for. */
  void settle() {
    for (Runnable set = due.poll(); set != null; set = due.poll()) {
      set.run();
    }
  }

  @Override
  public void close() {}

  private void keep(EventId id, boolean isNew, CompletableFuture<Boolean> answer) {
    if (fails.getAndSet(false)) {
      answer.completeExceptionally(new StoreException("the store fails once"));
    } else {
      boolean wasUnset = kept.add(id);
      answer.complete(isNew || wasUnset);
    }
  }
}
