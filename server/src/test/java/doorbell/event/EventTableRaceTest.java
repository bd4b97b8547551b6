package doorbell.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Linking, setting, leaving and forgetting at the same moment, on threads of their own. */
class EventTableRaceTest {
  private static final int ROUNDS = 100;
  private static final int IDS = 1_000;

  private final EventTable table = new EventTable(new QuickStore(), (millis, task) -> task.run());

  @Test
  void whoWaitsIsToldOrSeesTheSetWhoeverElseComesAndGoes() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      long high = round;
      Ear[] waiters = ears(high);
      Ear[] leavers = ears(high);
      CyclicBarrier start = new CyclicBarrier(3);
      CompletableFuture<Void> all =
          CompletableFuture.allOf(
              each(start, i -> waiters[i].joins()),
              each(
                  start,
                  i -> {
                    leavers[i].joins();
                    table.leave(leavers[i]);
                  }),
              each(start, i -> table.set(id(high, i), 0)));
      all.get(30, TimeUnit.SECONDS);
      for (int i = 0; i < IDS; i++) {
        assertThat(waiters[i].told + (waiters[i].sawTheSet ? 1 : 0)).isPositive();
        assertThat(waiters[i].told).isLessThan(2);
        assertThat(table.leave(waiters[i]) || waiters[i].sawTheSet).isTrue();
      }
      assertThat(table.size()).isZero();
    }
  }

  @Test
  void whoLeavesLeavesNothingBehindWhoeverElseComesAndGoes() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      CyclicBarrier start = new CyclicBarrier(2);
      CompletableFuture<Void> one = comingAndGoing(start);
      CompletableFuture<Void> other = comingAndGoing(start);
      one.get(30, TimeUnit.SECONDS);
      other.get(30, TimeUnit.SECONDS);
      assertThat(table.size()).isZero();
    }
  }

  private CompletableFuture<Void> comingAndGoing(CyclicBarrier start) {
    Ear[] ears = ears(-1);
    return each(
        start,
        i -> {
          ears[i].joins();
          assertThat(table.leave(ears[i])).isFalse();
        });
  }

  private interface Deed {
    void run(int i);
  }

  private static CompletableFuture<Void> each(CyclicBarrier start, Deed deed) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                start.await(30, TimeUnit.SECONDS);
                for (int i = 0; i < IDS; i++) {
                  deed.run(i);
                }
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private static EventId id(long high, int i) {
    return new EventId.Plain(high, i);
  }

  private Ear[] ears(long high) {
    Ear[] ears = new Ear[IDS];
    for (int i = 0; i < IDS; i++) {
      ears[i] = new Ear(id(high, i));
    }
    return ears;
  }

  private final class Ear extends Waiter {
    private volatile int told;
    private volatile boolean sawTheSet;

    private Ear(EventId id) {
      super(id);
    }

    private void joins() {
      sawTheSet = table.wait(this).toCompletableFuture().join();
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // at most one thread may: that is what is tested
    protected void wake() {
      told++;
    }
  }

  private static final class QuickStore implements SetStore {
    private final ConcurrentHashMap<EventId, Boolean> sets = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<Boolean> isSet(EventId id) {
      return CompletableFuture.completedStage(sets.containsKey(id));
    }

    @Override
    public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
      return CompletableFuture.completedStage(sets.put(id, true) == null);
    }

    @Override
    public void close() {}
  }
}
