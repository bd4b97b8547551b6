package doorbell;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;

/** A store in memory that keeps its setters waiting for as long as the test says. */
final class StoreInHand implements SetStore {
  private final Set<EventId> sets = ConcurrentHashMap.newKeySet();
  private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
  private volatile boolean holds;
  private volatile boolean holdsLooks;
  private volatile boolean dawdles;

  /** What a loop waits for when it has sets flushed. */
  volatile Runnable onFlush = () -> {};

  void hold() {
    holds = true;
  }

  /** Keeps those who look waiting, too. */
  void holdLooks() {
    holdsLooks = true;
  }

  /** Answers all who were kept waiting, and keeps nobody waiting any more. */
  void letGo() {
    holds = false;
    holdsLooks = false;
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
  }

  /** From now on it takes a moment for its answers, which may be no longer true then. */
  void takeMoments() {
    dawdles = true;
  }

  private void dawdle() {
    for (int i = dawdles ? ThreadLocalRandom.current().nextInt(1_000) : 0; i > 0; i--) {
      Thread.onSpinWait();
    }
  }

  int held() {
    return held.size();
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    if (holdsLooks) {
      CompletableFuture<Boolean> look = new CompletableFuture<>();
      held.add(() -> look.complete(sets.contains(id)));
      return look;
    }
    boolean isSet = sets.contains(id);
    dawdle();
    return CompletableFuture.completedStage(isSet);
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    dawdle();
    CompletableFuture<Boolean> kept = new CompletableFuture<>();
    Runnable keep = () -> kept.complete(sets.add(id));
    if (holds) {
      held.add(keep);
    } else {
      keep.run();
    }
    return kept;
  }

  @Override
  public void flush() {
    onFlush.run();
  }

  @Override
  public void close() {
    letGo();
  }
}
