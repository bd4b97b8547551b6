package doorbell.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

final class MemoryStoreTest extends SetStoreContract {
  private static final Duration REMEMBER = Duration.ofHours(24);
  private static final Duration ERA = REMEMBER.dividedBy(MemoryStore.ERAS);

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5);
  private final List<Runnable> sweeps = new ArrayList<>();

  @Override
  protected SetStore open() {
    return new MemoryStore(REMEMBER, Integer.MAX_VALUE, clock::get, sweeps::add);
  }

  @Test
  void forgottenAfterRememberNeverBefore() {
    for (Duration into : List.of(Duration.ZERO, Duration.ofNanos(1), ERA.minusNanos(1), ERA)) {
      store = open();
      pass(into);
      answer(store.set(id(1)));
      pass(REMEMBER);
      sweep();
      assertThat(answer(store.isSet(id(1)))).isTrue();
      assertThat(answer(store.set(id(1)))).isFalse();
      pass(ERA);
      assertThat(answer(store.isSet(id(1)))).isFalse();
    }
  }

  @Test
  void aForgottenIdIsSetAnewOnce() {
    answer(store.set(id(1)));
    pass(REMEMBER.plus(ERA));
    assertThat(answer(store.set(id(1)))).isTrue();
    assertThat(answer(store.set(id(1)))).isFalse();
    sweep();
    assertThat(answer(store.isSet(id(1)))).isTrue();
  }

  @Test
  void everyIdOfManyIsRememberedWhateverIsForgottenMeanwhile() {
    int ids = 50_000;
    for (int i = 0; i < ids; i++) {
      assertThat(answer(store.set(any(i)))).isTrue();
      if (i == ids / 2) {
        pass(REMEMBER.plus(ERA));
      }
    }
    sweep();
    for (int i = 0; i < ids; i++) {
      assertThat(answer(store.isSet(any(i)))).as("%s", i).isEqualTo(i > ids / 2);
      assertThat(answer(store.set(any(i)))).isEqualTo(i <= ids / 2);
    }
    assertThat(((MemoryStore) store).size()).isEqualTo(ids);
  }

  /** Numbers in a row, numbers whose low halves are alike, and sealed ids. */
  private static EventId any(int i) {
    return switch (i % 3) {
      case 0 -> new EventId.Plain(0, i);
      case 1 -> new EventId.Plain(i, 7);
      default -> new EventId.Sealed(0, 0, i, i);
    };
  }

  @Test
  void whatIsForgottenTakesNoMemory() {
    for (long i = 0; i < 100; i++) {
      answer(store.set(id(i)));
    }
    pass(REMEMBER.plus(ERA));
    answer(store.set(id(100)));
    sweep();
    assertThat(((MemoryStore) store).size()).isEqualTo(1);
  }

  @Test
  void sweepsAreSentOnceAnEraAndNeverRunByACaller() {
    answer(store.set(id(1)));
    assertThat(sweeps).isEmpty();
    pass(ERA);
    answer(store.set(id(2)));
    answer(store.set(id(3)));
    assertThat(sweeps).hasSize(1);
  }

  /** One is held up after his look at the clock, while another's set begins a later era. */
  @Test
  void aSetCountsFromTheEraThatOthersHaveBegun() {
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    LongSupplier slow =
        () -> {
          long read = clock.get();
          meanwhile.getAndSet(() -> {}).run();
          return read;
        };
    try (MemoryStore held = new MemoryStore(REMEMBER, Integer.MAX_VALUE, slow, sweeps::add)) {
      meanwhile.set(
          () -> {
            pass(REMEMBER);
            answer(held.set(id(2)));
          });
      answer(held.set(id(1)));
      pass(REMEMBER.minus(ERA));
      assertThat(answer(held.isSet(id(1)))).isTrue();
    }
  }

  @Test
  void oneSetMoreThanThereIsRoomForIsRefusedUntilOthersAreForgotten() {
    int most = 1_000;
    try (MemoryStore small = new MemoryStore(REMEMBER, most, clock::get, sweeps::add)) {
      for (int i = 0; i < most; i++) {
        assertThat(answer(small.set(any(i)))).isTrue();
      }
      assertThatThrownBy(() -> answer(small.set(any(most))))
          .hasCauseInstanceOf(StoreException.class)
          .hasMessageContaining("remembers 1000 sets and has no room for more; try later");
      assertThat(answer(small.set(any(0)))).isFalse();
      assertThat(answer(small.isSet(any(most)))).isFalse();
      pass(REMEMBER.plus(ERA));
      assertThatThrownBy(() -> answer(small.set(any(most)))).hasMessageContaining("try later");
      sweep();
      assertThat(answer(small.set(any(most)))).isTrue();
    }
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }

  private void sweep() {
    sweeps.forEach(Runnable::run);
    sweeps.clear();
  }
}
