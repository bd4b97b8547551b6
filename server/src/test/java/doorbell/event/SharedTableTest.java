package doorbell.event;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A table over a store that other nodes write, too. */
class SharedTableTest {
  private static final EventId ID = EventId.parse("22482");
  private static final Duration SWEEP = Duration.ofSeconds(25);

  private final Shared store = new Shared();
  private final ArrayDeque<Runnable> later = new ArrayDeque<>();
  private final ArrayDeque<Long> pauses = new ArrayDeque<>();
  private final EventTable table = new EventTable(store, this::after);
  private final SharedStore.Listener elsewhere = requireNonNull(store.listener);
  private final List<EventId> told = new ArrayList<>();

  @Test
  void aSetElsewhereWakesWhoWaitsHereOnce() {
    wait(ID);
    elsewhere.onSet(ID, 0);
    elsewhere.onSet(ID, 0);
    assertThat(told).containsExactly(ID);
    assertThat(table.size()).isZero();
  }

  @Test
  void aSetElsewhereThatNobodyWaitsForLeavesNothing() {
    elsewhere.onSet(ID, 0);
    assertThat(table.size()).isZero();
  }

  @Test
  void afterASetElsewhereASetHereStillAsksTheStore() {
    wait(ID);
    wait(ID);
    elsewhere.onSet(ID, 10_000);
    CompletionStage<Boolean> set = table.set(ID, 10_000);
    assertThat(set.toCompletableFuture()).isNotDone();
    assertThat(store.given).containsExactly(ID);
    requireNonNull(store.answer).completeExceptionally(new StoreException("too few"));
    assertThatThrownBy(() -> set.toCompletableFuture().join()).hasRootCauseMessage("too few");
  }

  @Test
  void ownSetsAreHeardToo() {
    wait(ID);
    CompletionStage<Boolean> set = table.set(ID, 0);
    elsewhere.onSet(ID, 0);
    requireNonNull(store.answer).complete(true);
    assertThat(set.toCompletableFuture()).isCompletedWithValue(true);
    assertThat(told).containsExactly(ID);
    assertThat(table.size()).isZero();
  }

  @Test
  void aSpreadElsewherePacesTheWakesHere() {
    for (int i = 0; i < 100; i++) {
      wait(ID);
    }
    elsewhere.onSet(ID, 1_000);
    assertThat(told).hasSize(2);
    elsewhere.onSet(ID, 1_000);
    assertThat(told).hasSize(2);
    elsewhere.onSet(ID, 0);
    assertThat(told).hasSize(100);
  }

  @Test
  void aSpreadTravelsAndSoDoesWhatHastensIt() {
    wait(ID);
    wait(ID);
    table.set(ID, 5_000);
    assertThat(store.spreads).containsExactly(5_000L);
    table.set(ID, 7_000);
    table.set(ID, 100);
    assertThat(store.spreads).containsExactly(5_000L, 100L);
  }

  @Test
  void aGapHasEachIdLookedUpOnceMore() {
    Set<EventId> all = new HashSet<>();
    for (int i = 0; i < 5_000; i++) {
      all.add(new EventId.Plain(0, i));
    }
    all.forEach(this::wait);
    store.looked.clear();
    later.clear();
    pauses.clear();
    elsewhere.onGap();
    while (!later.isEmpty()) {
      pass();
    }
    assertThat(store.looked).hasSameSizeAs(all).containsAll(all);
  }

  @Test
  void aRoundOfTheSweepFindsWhatWasMissed() {
    Set<EventId> all = new HashSet<>();
    for (int i = 0; i < 3_000; i++) {
      all.add(new EventId.Plain(1, i));
    }
    all.forEach(this::wait);
    store.set.addAll(all);
    for (int steps = 0; table.size() > 0; steps++) {
      assertThat(steps).isLessThan(200);
      pass();
    }
    assertThat(told).hasSameSizeAs(all).containsAll(all);
  }

  /** The time that the looks take is taken off the pauses: here hardly any. */
  @Test
  void aRoundOfTheSweepIsSpreadOverItsTime() {
    Set<EventId> all = new HashSet<>();
    for (int i = 0; i < 3_000; i++) {
      all.add(new EventId.Plain(1, i));
    }
    all.forEach(this::wait);
    store.looked.clear();
    long millis = 0;
    while (store.looked.size() < all.size()) {
      millis += pass();
    }
    assertThat(store.looked).containsAll(all);
    assertThat(millis).isBetween(SWEEP.toMillis() / 2, SWEEP.toMillis());
  }

  @Test
  void theSweepLooksAtWhatIsWaitedForAlone() {
    table.set(ID, 0);
    for (int steps = 0; steps < 64; steps++) {
      pass();
    }
    assertThat(store.looked).isEmpty();
  }

  @Test
  void theSweepEndsWithItsStore() {
    store.closed = true;
    while (!later.isEmpty()) {
      pass();
    }
    assertThat(store.looked).isEmpty();
  }

  private void after(long millis, Runnable task) {
    pauses.add(millis);
    later.add(task);
  }

  /** Runs what comes next, and returns the pause before it. */
  private long pass() {
    long pause = pauses.remove();
    later.remove().run();
    return pause;
  }

  private void wait(EventId id) {
    Waiter waiter =
        new Waiter(id) {
          @Override
          protected void wake() {
            told.add(id);
          }
        };
    table.wait(waiter);
  }

  private static final class Shared implements SharedStore {
    private @Nullable Listener listener;
    private final Set<EventId> set = new HashSet<>();
    private final List<EventId> looked = new ArrayList<>();
    private final List<EventId> given = new ArrayList<>();
    private final List<Long> spreads = new ArrayList<>();
    private @Nullable CompletableFuture<Boolean> answer;
    private boolean closed;

    @Override
    public void listen(Listener to) {
      listener = to;
    }

    @Override
    public CompletionStage<Boolean> isSet(EventId id) {
      return CompletableFuture.completedStage(set.contains(id));
    }

    @Override
    public CompletionStage<Boolean> lookUp(EventId id) {
      looked.add(id);
      return isSet(id);
    }

    @Override
    public CompletionStage<Boolean> setSoon(EventId id, long spreadMillis) {
      given.add(id);
      spreads.add(spreadMillis);
      CompletableFuture<Boolean> kept = new CompletableFuture<>();
      answer = kept;
      return kept;
    }

    @Override
    public void hasten(EventId id, long spreadMillis) {
      spreads.add(spreadMillis);
    }

    @Override
    public Duration sweepTime() {
      return SWEEP;
    }

    @Override
    public boolean isClosed() {
      return closed;
    }

    @Override
    public List<Member> members() {
      return List.of();
    }

    @Override
    public @Nullable String fault() {
      return null;
    }

    @Override
    public void close() {}
  }
}
