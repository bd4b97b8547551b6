package doorbell.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store promises. */
public abstract class SetStoreContract {
  protected SetStore store;

  /** A store that is empty and open. */
  protected abstract SetStore open() throws Exception;

  protected static EventId id(long number) {
    return new EventId.Plain(0, number);
  }

  protected static <T> T answer(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  @BeforeEach
  void openOne() throws Exception {
    store = open();
  }

  @AfterEach
  void closeIt() {
    store.close();
  }

  @Test
  void whatNobodySetIsNotFound() {
    assertThat(answer(store.isSet(id(22482)))).isFalse();
  }

  @Test
  void aSetIsFoundAtOnce() {
    for (long i = 0; i < 100; i++) {
      answer(store.set(id(i)));
      assertThat(answer(store.isSet(id(i)))).isTrue();
    }
  }

  @Test
  void onlyTheFirstSetIsToldSo() {
    assertThat(answer(store.set(id(22482)))).isTrue();
    assertThat(answer(store.set(id(22482)))).isFalse();
    assertThat(answer(store.set(id(22482)))).isFalse();
  }

  @Test
  void exactlyOneSetterIsFirst() throws Exception {
    int setters = 2;
    int ids = 20_000;
    AtomicInteger arrivals = new AtomicInteger();
    Callable<List<CompletionStage<Boolean>>> setter =
        () -> {
          List<CompletionStage<Boolean>> sets = new ArrayList<>();
          for (int i = 0; i < ids; i++) {
            arrivals.incrementAndGet();
            meet(arrivals, (i + 1) * setters);
            sets.add(store.set(id(i)));
          }
          return sets;
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(setters)) {
      int[] firsts = new int[ids];
      for (Future<List<CompletionStage<Boolean>>> sets :
          threads.invokeAll(Collections.nCopies(setters, setter))) {
        for (int i = 0; i < ids; i++) {
          firsts[i] += answer(sets.get().get(i)) ? 1 : 0;
        }
      }
      assertThat(firsts).containsOnly(1);
    }
  }

  @Test
  void whatIsSetSoonIsKeptByTheFlush() {
    for (long first = 0; first < 1_000; first += 10) {
      List<CompletionStage<Boolean>> sets =
          LongStream.range(first, first + 10).mapToObj(i -> store.setSoon(id(i), false)).toList();
      store.flush();
      assertThat(sets).allSatisfy(set -> assertThat(answer(set)).isTrue());
      assertThat(answer(store.isSet(id(first)))).isTrue();
    }
  }

  @Test
  void aSetThatIsCalledNewIsASetAsAnyOther() {
    boolean isCalledNew = store.isSet(id(22482)) == SetStore.NO;
    assertThat(isCalledNew).isNotEqualTo(store instanceof SharedStore);
    CompletionStage<Boolean> set = store.setSoon(id(22482), isCalledNew);
    store.flush();
    assertThat(answer(set)).isTrue();
    assertThat(answer(store.isSet(id(22482)))).isTrue();
    assertThat(answer(store.set(id(22482)))).isFalse();
  }

  @Test
  void aNumberAndASealedIdAreNeverOne() {
    answer(store.set(new EventId.Plain(1, 2)));
    assertThat(answer(store.isSet(new EventId.Sealed(0, 0, 1, 2)))).isFalse();
    assertThat(answer(store.isSet(new EventId.Sealed(1, 2, 0, 0)))).isFalse();
    assertThat(answer(store.set(new EventId.Sealed(1, 2, 1, 2)))).isTrue();
    assertThat(answer(store.isSet(new EventId.Plain(1, 2)))).isTrue();
  }

  @Test
  void closeCompletesWhatWasAccepted() {
    List<CompletionStage<Boolean>> sets =
        LongStream.range(0, 5_000).mapToObj(i -> store.setSoon(id(i), false)).toList();
    store.close();
    assertThat(sets).allSatisfy(set -> assertThat(answer(set)).isTrue());
  }

  @Test
  void setsDuringACloseAreAnsweredOneWayOrTheOther() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<List<CompletionStage<Boolean>>> setter =
          threads.submit(() -> LongStream.range(0, 5_000).mapToObj(i -> store.set(id(i))).toList());
      threads.submit(store::close).get();
      assertThat(setter.get()).allSatisfy(SetStoreContract::isAnswered);
    }
  }

  @Test
  void closeIsIdempotent() {
    store.close();
    store.close();
  }

  @Test
  void aClosedStoreRefuses() {
    store.close();
    assertThatThrownBy(() -> answer(store.set(id(1)))).hasCauseInstanceOf(StoreException.class);
    assertThatThrownBy(() -> answer(store.isSet(id(1)))).hasCauseInstanceOf(StoreException.class);
  }

  /** Spins, so that all go on at the same moment; yields where there is one core for them. */
  @SuppressWarnings("ThreadPriorityCheck")
  private static void meet(AtomicInteger arrivals, int all) {
    for (int spins = 0; arrivals.get() < all; spins++) {
      if (spins > 10_000) {
        Thread.yield();
      }
      Thread.onSpinWait();
    }
  }

  private static void isAnswered(CompletionStage<Boolean> set) {
    assertThat(set.toCompletableFuture().handle((first, e) -> first != null || e != null))
        .succeedsWithin(Duration.ofMinutes(1));
  }
}
