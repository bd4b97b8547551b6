package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.StoreException;
import doorbell.event.Waiter;
import doorbell.store.RocksStore.Share;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store of a node that takes over, before and after the node before it has let go. */
class AwaitedStoreTest {
  @TempDir Path directory;

  @Test
  void setsAreHeldUntilTheStoreIsOpen() {
    AwaitedStore store = awaited();
    CompletableFuture<Boolean> set = store.set(id(1)).toCompletableFuture();
    CompletableFuture<Boolean> asked = store.isSet(id(2)).toCompletableFuture();
    assertThat(set).isNotDone();
    assertThat(asked).isNotDone();
    assertThat(store.queued()).isEqualTo(2);
    RocksStore opened = opened();
    answer(opened.set(id(2)));
    assertThat(store.open(opened)).isTrue();
    assertThat(answer(set)).isTrue();
    assertThat(answer(asked)).isTrue();
    assertThat(answer(store.set(id(1)))).isFalse();
    store.close();
    assertThat(RocksStore.isUsed(directory)).isFalse();
  }

  @Test
  void oneCallMoreThanIsHeldFails() {
    try (AwaitedStore store = awaited()) {
      for (int i = 1; i < AwaitedStore.MOST_HELD; i++) {
        assertThat(store.setSoon(id(i), false).toCompletableFuture()).isNotDone();
      }
      assertThat(store.isSet(id(1)).toCompletableFuture()).isNotDone();
      assertThatThrownBy(store.setSoon(id(0), false).toCompletableFuture()::join)
          .isInstanceOf(CompletionException.class)
          .cause()
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("holds as much as it may; try again");
    }
  }

  @Test
  void whatIsHeldFailsWhenTheNodeEndsFirst() {
    AwaitedStore store = awaited();
    CompletableFuture<Boolean> set = store.set(id(1)).toCompletableFuture();
    store.close();
    assertThat(set).isCompletedExceptionally();
    assertThat(store.set(id(1)).toCompletableFuture()).isCompletedExceptionally();
    RocksStore late = opened();
    assertThat(store.open(late)).isFalse();
    late.close();
  }

  @Test
  void aWaiterParksWithoutALookAndIsLookedUpWhenTheStoreIsOpen() {
    AwaitedStore store = awaited();
    EventTable table = new EventTable(store, (millis, task) -> {});
    Ear set = new Ear(id(1));
    Ear unset = new Ear(id(2));
    assertThat(answer(table.wait(set))).isFalse();
    assertThat(answer(table.wait(unset))).isFalse();
    assertThat(store.queued()).isZero();
    RocksStore opened = opened();
    answer(opened.set(id(1)));
    store.open(opened);
    assertThat(table.lookUpAll()).isTrue();
    assertThat(set.told).hasValue(1);
    assertThat(unset.told).hasValue(0);
    table.leave(unset);
    table.leave(set);
    store.close();
    assertThat(table.size()).isZero();
  }

  /** A set of this node wakes at once, and is new to the store only if the store says so. */
  @Test
  void aHeldSetWakesAtOnceAndIsNotTheFirstIfTheOtherNodeHadIt() {
    AwaitedStore store = awaited();
    EventTable table = new EventTable(store, (millis, task) -> {});
    Ear ear = new Ear(id(1));
    table.wait(ear);
    CompletableFuture<Boolean> set = table.set(id(1), 0).toCompletableFuture();
    assertThat(ear.told).hasValue(1);
    assertThat(set).isNotDone();
    RocksStore opened = opened();
    answer(opened.set(id(1)));
    store.open(opened);
    assertThat(answer(set)).isFalse();
    store.close();
  }

  /** Another node's look takes the lock for a moment, as a node does for long. */
  @Test
  void aStoreInUseIsToldFromOneThatCannotBeOpened() throws IOException {
    RocksStore open = opened();
    assertThat(catchThrowableOfType(StoreException.class, this::opened))
        .matches(RocksStore::isUse)
        .hasMessageContaining("in use by another node");
    open.close();
    Files.writeString(directory.resolve("CURRENT"), "nothing");
    assertThat(catchThrowableOfType(StoreException.class, this::opened))
        .matches(refusal -> !RocksStore.isUse(refusal));
  }

  private AwaitedStore awaited() {
    opened().close();
    return AwaitedStore.of(directory, new Share(0, 0));
  }

  private RocksStore opened() {
    return RocksStore.open(directory, Duration.ofHours(1), Sync.OS);
  }

  private static final class Ear extends Waiter {
    private final AtomicInteger told = new AtomicInteger();

    private Ear(EventId id) {
      super(id);
    }

    @Override
    protected void wake() {
      told.incrementAndGet();
    }
  }
}
