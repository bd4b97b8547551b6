package doorbell.event;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EventTableTest {
  private static final EventId ID = EventId.parse("22482");

  private final SlowStore store = new SlowStore();
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();
  private final List<Long> pauses = new ArrayList<>();
  private final EventTable table = new EventTable(store, this::after);
  private final List<Ear> told = new ArrayList<>();

  @Test
  void aWaiterIsToldOnceBeforeTheStoreHasTheSet() {
    Ear ear = new Ear();
    assertThat(now(table.wait(ear))).isFalse();
    CompletionStage<Boolean> set = table.set(ID, 0);
    assertThat(told).containsExactly(ear);
    assertThat(set.toCompletableFuture()).isNotDone();
    store.keepAll();
    assertThat(now(set)).isTrue();
    assertThat(now(table.set(ID, 0))).isFalse();
    assertThat(told).containsExactly(ear);
  }

  @Test
  void whoWaitsIsLookedUpWhenTheStoreOpens() {
    Ear ear = new Ear();
    Ear alone = new Ear(EventId.parse("7"));
    Ear inVain = new Ear(EventId.parse("8"));
    List.of(ear, new Ear(), alone, inVain).forEach(table::wait);
    store.sets.addAll(List.of(ID, alone.id()));
    assertThat(table.lookUpAll()).isTrue();
    assertThat(told).hasSize(3).contains(ear, alone).doesNotContain(inVain);
    assertThat(store.asked).isEmpty();
    assertThat(table.leave(inVain)).isFalse();
    assertThat(table.size()).isZero();
  }

  /** More than a part of the table is looked over at once. */
  @Test
  void aMultitudeIsLookedUpToTheLastWhenTheStoreOpens() {
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      Ear ear = new Ear(new EventId.Plain(random.nextLong(), random.nextLong()));
      table.wait(ear);
      store.sets.add(ear.id());
    }
    assertThat(table.lookUpAll()).isTrue();
    assertThat(told).hasSize(200_000).doesNotHaveDuplicates();
  }

  @Test
  void idsOfOneHashAreVariablesOfTheirOwn() {
    Map<Integer, EventId> byHash = new HashMap<>();
    Random random = new Random(1);
    EventId one = ID;
    // Of 400,000 ids eighteen pairs share a hash of 32 bits, on average.
    for (int i = 0; !byHash.containsKey(one.hashCode()) && i < 400_000; i++) {
      byHash.put(one.hashCode(), one);
      one = new EventId.Plain(random.nextLong(), random.nextLong());
    }
    Ear ear = new Ear(one);
    table.wait(ear);
    table.set(requireNonNull(byHash.get(one.hashCode())), 0);
    assertThat(told).isEmpty();
    table.set(one, 0);
    assertThat(told).containsExactly(ear);
  }

  @Test
  void everyWaiterOfACrowdIsToldOnceInTheOrderItCame() {
    List<Ear> crowd = crowd(1_000);
    table.set(ID, 0);
    assertThat(told).isEqualTo(crowd);
  }

  @Test
  void oneWhoCantBeToldKeepsNothingFromTheOthersNorFromTheStore() {
    List<Ear> before = crowd(3);
    table.wait(
        new Waiter(ID) {
          @Override
          protected void wake() {
            throw new StackOverflowError();
          }
        });
    List<Ear> crowd = new ArrayList<>(before);
    crowd.addAll(crowd(3));
    CompletionStage<Boolean> set = table.set(ID, 0);
    assertThat(told).isEqualTo(crowd);
    store.keepAll();
    assertThat(now(set)).isTrue();
    assertThat(store.sets).containsExactly(ID);
  }

  @Test
  void aStoreThatThrowsIsOneThatFails() {
    table.wait(new Ear());
    store.thrown = new IllegalStateException("disk gone");
    assertThatThrownBy(() -> now(table.set(ID, 0))).hasRootCauseMessage("disk gone");
    store.thrown = null;
    CompletionStage<Boolean> again = table.set(ID, 0);
    store.keepAll();
    assertThat(now(again)).isTrue();
  }

  @Test
  void whileASetIsBeingStoredTheEventIsSetForEverybodyElse() {
    table.wait(new Ear());
    table.set(ID, 0);
    assertThat(now(table.isSet(ID))).isTrue();
    assertThat(now(table.wait(new Ear()))).isTrue();
    assertThat(store.sets).isEmpty();
  }

  @Test
  void aSecondSetterHearsOnlyWhenTheFirstIsStored() {
    CompletionStage<Boolean> first = table.set(ID, 0);
    CompletionStage<Boolean> second = table.set(ID, 0);
    assertThat(second.toCompletableFuture()).isNotDone();
    store.keepAll();
    assertThat(now(first)).isTrue();
    assertThat(now(second)).isFalse();
  }

  @Test
  void afterAFailedSetTheNextOneTriesAgain() {
    CompletionStage<Boolean> first = table.set(ID, 0);
    CompletionStage<Boolean> second = table.set(ID, 0);
    store.failAll();
    assertThatThrownBy(() -> now(first)).hasRootCauseMessage("disk full");
    assertThatThrownBy(() -> now(second)).hasRootCauseMessage("disk full");
    assertThat(now(table.isSet(ID))).isFalse();
    CompletionStage<Boolean> third = table.set(ID, 0);
    store.keepAll();
    assertThat(now(third)).isTrue();
  }

  @Test
  void theStoreIsToldThatASetIsNewIfOneWhoStillWaitsFoundItUnset() {
    Ear ear = new Ear();
    table.wait(ear);
    table.set(ID, 0);
    assertThat(store.calledNew).containsExactly(ID);
  }

  @Test
  void aSetThatNobodyWaitsForIsNotCalledNew() {
    Ear leaves = new Ear();
    table.wait(leaves);
    table.leave(leaves);
    table.set(ID, 0);
    assertThat(store.calledNew).isEmpty();
  }

  @Test
  void aSetIsNotCalledNewBeforeTheStoreHasSaidSo() {
    store.late = true;
    assertThat(table.wait(new Ear()).toCompletableFuture()).isNotDone();
    table.set(ID, 0);
    assertThat(store.calledNew).isEmpty();
  }

  @Test
  void whatAWaiterFoundSetIsNotCalledNew() {
    table.set(ID, 0);
    store.keepAll();
    assertThat(now(table.wait(new Ear()))).isTrue();
    table.set(ID, 0);
    assertThat(store.calledNew).isEmpty();
  }

  @Test
  void whoLeavesIsNotToldAndLeavesNothingBehind() {
    Ear stays = new Ear();
    Ear leaves = new Ear();
    table.wait(leaves);
    table.wait(stays);
    assertThat(table.leave(leaves)).isFalse();
    table.set(ID, 0);
    assertThat(told).containsExactly(stays);
    store.keepAll();
    assertThat(table.size()).isZero();
  }

  @Test
  void whoeverComesAndGoesWhoIsLeftIsToldInTheOrderItCame() {
    Random random = new Random(1);
    List<Ear> waiting = new ArrayList<>();
    List<Ear> expected = new ArrayList<>();
    for (int step = 0; step < 10_000; step++) {
      EventId id = new EventId.Plain(step / 500, random.nextInt(50));
      int deed = random.nextInt(8);
      if (deed < 5) {
        Ear ear = new Ear(id);
        if (now(table.wait(ear))) {
          table.leave(ear);
        } else {
          waiting.add(ear);
        }
      } else if (deed < 7 && !waiting.isEmpty()) {
        assertThat(table.leave(waiting.remove(random.nextInt(waiting.size())))).isFalse();
      } else {
        table.set(id, 0);
        store.keepAll();
        waiting.removeIf(ear -> ear.id().equals(id) && expected.add(ear));
      }
      assertThat(table.size()).isEqualTo(waiting.stream().map(Ear::id).distinct().count());
    }
    assertThat(told).hasSizeGreaterThan(100).isEqualTo(expected);
  }

  @Test
  void theLastWaiterToLeaveTakesTheVariableAlong() {
    List<Ear> crowd = crowd(3);
    crowd.forEach(table::leave);
    assertThat(table.size()).isZero();
    assertThat(leavesSet(new Ear())).isFalse();
  }

  @Test
  void whoWasToldLeavesASetEvent() {
    Ear ear = new Ear();
    table.wait(ear);
    table.set(ID, 0);
    assertThat(table.leave(ear)).isTrue();
  }

  @Test
  void aPacedWakeTellsAnEvenShareAtEachStep() {
    List<Ear> crowd = crowd(100);
    table.set(ID, 200);
    for (int step = 1; step <= 10; step++) {
      assertThat(told).hasSize(step * 10);
      runLater();
    }
    assertThat(told).isEqualTo(crowd);
    assertThat(later).isEmpty();
    store.keepAll();
    assertThat(table.size()).isZero();
  }

  @Test
  void whoLeavesDuringAPacedWakeLeavesNothingBehind() {
    List<Ear> crowd = crowd(100);
    table.set(ID, 200);
    store.keepAll();
    for (Ear ear : crowd) {
      assertThat(table.leave(ear)).isTrue();
    }
    assertThat(table.size()).isZero();
    runLater();
    assertThat(told).hasSize(10);
    assertThat(later).isEmpty();
  }

  @Test
  void whoComesDuringAPacedWakeIsAnsweredAtOnce() {
    crowd(100);
    table.set(ID, 200);
    store.keepAll();
    assertThat(leavesSet(new Ear())).isTrue();
  }

  @Test
  void aLaterSetWithoutASpreadTellsAllWhoAreLeftOfAPacedWake() {
    List<Ear> crowd = crowd(1_000);
    table.set(ID, 3_600_000);
    assertThat(told).hasSize(1);
    table.set(ID, 0);
    assertThat(told).isEqualTo(crowd);
    runAllLater();
    assertThat(told).isEqualTo(crowd);
    store.keepAll();
    assertThat(table.size()).isZero();
  }

  @Test
  void aLaterSetHastensTheWakeAfterTheStoreHasTheFirstToo() {
    List<Ear> crowd = crowd(10);
    table.set(ID, 3_600_000);
    store.keepAll();
    assertThat(now(table.set(ID, 0))).isFalse();
    assertThat(told).isEqualTo(crowd);
    assertThat(table.size()).isZero();
  }

  @Test
  void aLaterSetOfASmallerSpreadPacesWhoAreLeftByIt() {
    List<Ear> crowd = crowd(101);
    table.set(ID, 3_600_000);
    assertThat(told).hasSize(1);
    table.set(ID, 200);
    Runnable slow = requireNonNull(later.poll());
    for (int step = 1; step <= 10; step++) {
      assertThat(told).hasSize(1 + step * 10);
      runLater();
    }
    slow.run();
    assertThat(told).isEqualTo(crowd);
    assertThat(later).isEmpty();
    assertThat(pauses).containsOnly(3_600_000L / 101, 20L);
  }

  @Test
  void ofManySetsTheFastestDecidesThePaceOfTheWake() {
    List<Ear> crowd = crowd(100);
    for (long seconds = 3_600; seconds > 0; seconds--) {
      table.set(ID, seconds * 1_000);
    }
    assertThat(told).isEqualTo(crowd);
    runAllLater();
    assertThat(told).isEqualTo(crowd);
  }

  @Test
  void aLaterSetThatIsNoFasterChangesNothing() {
    crowd(100);
    table.set(ID, 200);
    for (int step = 1; step <= 9; step++) {
      for (long spread : new long[] {200, 3_600_000, 200 - 20 * step}) {
        table.set(ID, spread);
        assertThat(told).hasSize(step * 10);
        assertThat(later).hasSize(1);
      }
      runLater();
    }
    assertThat(told).hasSize(100);
  }

  @Test
  void theLastOfAPacedWakeKeepsItsTurnWhenASlowerSetComes() {
    crowd(2);
    table.set(ID, 1_000);
    table.set(ID, 1_000);
    assertThat(told).hasSize(1);
    table.set(ID, 499);
    assertThat(told).hasSize(2);
  }

  @Test
  void aSetThatIsTriedAgainAfterAFailureKeepsThePaceUnlessItIsFaster() {
    crowd(100);
    table.set(ID, 200);
    store.failAll();
    table.set(ID, 200);
    table.set(ID, 3_600_000);
    assertThat(told).hasSize(10);
    store.failAll();
    table.set(ID, 0);
    assertThat(told).hasSize(100);
    store.keepAll();
    runAllLater();
    assertThat(table.size()).isZero();
  }

  @Test
  void whoAreLeftWhenOthersLeaveAreToldEvenlyOverTheRestOfTheTime() {
    List<Ear> crowd = crowd(100);
    table.set(ID, 200);
    for (int i = 10; i < 55; i++) {
      table.leave(crowd.get(i));
    }
    for (int step = 1; step <= 9; step++) {
      runLater();
      assertThat(told).hasSize(10 + step * 5);
    }
    assertThat(later).isEmpty();
  }

  @Test
  void ofAnyCrowdWhoIsToldAtATimeIsInStepWithTheTime() {
    for (int size : new int[] {1, 2, 3, 9, 10, 11, 15, 99, 101, 175, 375, 1_001}) {
      told.clear();
      pauses.clear();
      EventId id = new EventId.Plain(1, size);
      for (int i = 0; i < size; i++) {
        table.wait(new Ear(id));
      }
      table.set(id, 2_000);
      while (!later.isEmpty()) {
        long passed = pauses.stream().mapToLong(Long::longValue).sum();
        assertThat(told.size() / (double) size).isCloseTo(passed / 2_000.0, within(0.03));
        runLater();
      }
      assertThat(told).hasSize(size);
      assertThat(pauses).allMatch(pause -> pause >= 20);
    }
  }

  private boolean leavesSet(Ear ear) {
    boolean set = now(table.wait(ear));
    table.leave(ear);
    return set;
  }

  private List<Ear> crowd(int size) {
    List<Ear> crowd = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Ear ear = new Ear();
      crowd.add(ear);
      table.wait(ear);
    }
    return crowd;
  }

  private void after(long millis, Runnable task) {
    pauses.add(millis);
    later.add(task);
  }

  private void runLater() {
    Runnable task = later.poll();
    if (task != null) {
      task.run();
    }
  }

  private void runAllLater() {
    while (!later.isEmpty()) {
      runLater();
    }
  }

  private static boolean now(CompletionStage<Boolean> stage) {
    CompletableFuture<Boolean> future = stage.toCompletableFuture();
    assertThat(future).isDone();
    return future.join();
  }

  private final class Ear extends Waiter {
    private Ear() {
      this(ID);
    }

    private Ear(EventId id) {
      super(id);
    }

    @Override
    protected void wake() {
      told.add(this);
    }
  }

  /** Keeps or fails what it was asked to set when the test says so. */
  private static final class SlowStore implements SetStore {
    private final Map<EventId, CompletableFuture<Boolean>> asked = new HashMap<>();
    private final Set<EventId> sets = new LinkedHashSet<>();
    private final List<EventId> calledNew = new ArrayList<>();
    private boolean late;
    private @Nullable RuntimeException thrown;

    @Override
    public CompletionStage<Boolean> isSet(EventId id) {
      return late ? new CompletableFuture<>() : sets.contains(id) ? YES : NO;
    }

    @Override
    public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
      if (thrown != null) {
        throw thrown;
      }
      if (isNew) {
        calledNew.add(id);
      }
      if (sets.contains(id)) {
        return CompletableFuture.completedStage(false);
      }
      return asked.computeIfAbsent(id, asking -> new CompletableFuture<>());
    }

    private void keepAll() {
      sets.addAll(asked.keySet());
      asked.values().forEach(future -> future.complete(true));
      asked.clear();
    }

    private void failAll() {
      List<CompletableFuture<Boolean>> failing = List.copyOf(asked.values());
      asked.clear();
      failing.forEach(future -> future.completeExceptionally(new StoreException("disk full")));
    }

    @Override
    public void close() {}
  }
}
