package doorbell;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.io.SimulatedLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A store that answers at once, late, in another order, or not: as the random source has it. A late
 * "no" may be one that was true when it was asked for.
 */
final class SimulatedStore implements SetStore {
  static final String FAILURE = "the disk is full; try again";

  private final SimulatedLoop.Stage stage;
  private final Random random;
  private final Set<EventId> kept = new HashSet<>();
  private final List<Runnable> due = new ArrayList<>();
  private final List<Runnable> unflushed = new ArrayList<>();
  private final Map<EventId, Integer> failures = new HashMap<>();
  private final Set<EventId> firsts = new HashSet<>();
  private boolean misled;

  /** How many of a hundred answers come late. */
  int latePercent;

  /** How many of a hundred sets wait for the flush, where they may. */
  int putOffPercent;

  /** How many of a hundred fail. */
  int failPercent;

  /** How many of a hundred sets that failed were kept all the same. */
  int keptInVainPercent;

  SimulatedStore(SimulatedLoop.Stage stage, Random random) {
    this.stage = stage;
    this.random = random;
  }

  boolean has(EventId id) {
    return kept.contains(id);
  }

  /** How many sets it answered "yours is the first". */
  int answeredTrue() {
    return firsts.size();
  }

  /** Whether it was told that a set is new whose setter had been told that he was the first. */
  boolean wasMisled() {
    return misled;
  }

  /** How often it failed one of {@code ids}. */
  int failures(List<EventId> ids) {
    return ids.stream().mapToInt(id -> failures.getOrDefault(id, 0)).sum();
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    stage.meanwhile.run();
    boolean then = kept.contains(id);
    boolean fails = happens(failPercent);
    boolean stale = random.nextBoolean();
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    answer(
        () -> {
          if (fails) {
            fail(id, answer);
          } else {
            answer.complete(stale ? then : kept.contains(id));
          }
        });
    stage.meanwhile.run();
    boolean isNo = answer.isDone() && !answer.isCompletedExceptionally() && !answer.join();
    return isNo ? NO : known(id, answer);
  }

  /** A set that fails may have been kept all the same: nobody is told then that he was first. */
  @Override
  public CompletionStage<Boolean> set(EventId id) {
    stage.meanwhile.run();
    boolean fails = happens(failPercent);
    boolean keeps = !fails || happens(keptInVainPercent);
    boolean early = random.nextBoolean();
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    boolean[] first = {keeps && early && kept.add(id)};
    answer(
        () -> {
          first[0] |= keeps && kept.add(id);
          if (fails) {
            fail(id, answer);
          } else {
            if (first[0]) {
              firsts.add(id);
            }
            answer.complete(first[0]);
          }
        });
    stage.meanwhile.run();
    return known(id, answer);
  }

  /** Some are put off until the flush, and then answered late. */
  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    misled |= isNew && firsts.contains(id);
    if (!happens(putOffPercent)) {
      return set(id);
    }
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    unflushed.add(() -> set(id).whenComplete((first, cause) -> pass(answer, first, cause)));
    return answer;
  }

  private static void pass(
      CompletableFuture<Boolean> answer, Boolean first, @Nullable Throwable cause) {
    if (cause == null) {
      answer.complete(first);
    } else {
      answer.completeExceptionally(cause);
    }
  }

  @Override
  public void flush() {
    due.addAll(unflushed);
    unflushed.clear();
  }

  /** Gives one of the late answers, on a thread of the store's; false if none is left. */
  boolean answerOne() {
    if (due.isEmpty()) {
      return false;
    }
    stage.asAnotherThread(due.remove(random.nextInt(due.size())));
    return true;
  }

  void answerAll() {
    boolean more = true;
    while (more) {
      more = answerOne();
    }
  }

  @Override
  public void close() {
    flush();
    answerAll();
  }

  /** A failure at once is known to others only now. */
  private CompletionStage<Boolean> known(EventId id, CompletableFuture<Boolean> answer) {
    if (answer.isCompletedExceptionally()) {
      failures.merge(id, 1, Integer::sum);
    }
    return answer;
  }

  private void fail(EventId id, CompletableFuture<Boolean> answer) {
    failures.merge(id, 1, Integer::sum);
    answer.completeExceptionally(new StoreException(FAILURE));
  }

  private void answer(Runnable answer) {
    if (happens(latePercent)) {
      due.add(answer);
    } else {
      answer.run();
    }
  }

  private boolean happens(int percent) {
    return random.nextInt(100) < percent;
  }
}
