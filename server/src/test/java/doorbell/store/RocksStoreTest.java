package doorbell.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RocksStoreTest extends SetStoreContract {
  static final Duration DAY = Duration.ofDays(1);

  @TempDir Path directory;

  @Override
  protected SetStore open() {
    return RocksStore.open(directory.resolve("store"), DAY, Sync.ALWAYS);
  }

  @Test
  void whatIsClosedIsFoundWhenOpenedAgain() {
    for (Sync sync : Sync.values()) {
      store.close();
      store = RocksStore.open(directory.resolve(sync.name()), DAY, sync);
      LongStream.range(0, 1_000).mapToObj(i -> store.set(id(i))).toList().forEach(this::done);
      store.close();
      store = RocksStore.open(directory.resolve(sync.name()), DAY, sync);
      for (long i = 0; i < 1_000; i++) {
        assertThat(answer(store.isSet(id(i)))).isTrue();
        assertThat(answer(store.set(id(i)))).isFalse();
      }
      assertThat(answer(store.isSet(id(1_000)))).isFalse();
    }
  }

  @Test
  void aSealedIdIsFoundWhenOpenedAgain() {
    EventId set = EventId.ofWords(new long[] {1, 2, 3, 4}, 0, 4);
    EventId other = EventId.ofWords(new long[] {1, 2, 3, 5}, 0, 4);
    assertThat(answer(store.set(set))).isTrue();
    store.close();
    store = open();
    assertThat(answer(store.isSet(set))).isTrue();
    assertThat(answer(store.isSet(other))).isFalse();
  }

  @Test
  void aCrowdSharesOneWrite() {
    CountDownLatch writerGoesOn = holdWriter();
    long before = rocks().batches();
    List<CompletionStage<Boolean>> crowd = setMany(1_000);
    writerGoesOn.countDown();
    crowd.forEach(this::done);
    assertThat(rocks().batches()).isEqualTo(before + 1);
  }

  @Test
  void aCrowdThatIsSetSoonSharesOneWrite() {
    answer(store.set(id(-1)));
    await().until(RocksStoreTest::isAWriterAtRest);
    long before = rocks().batches();
    List<CompletionStage<Boolean>> crowd =
        LongStream.range(0, 1_000).mapToObj(i -> store.setSoon(id(i), false)).toList();
    store.flush();
    crowd.forEach(this::done);
    // Upkeep may have been due meanwhile.
    assertThat(rocks().batches()).isBetween(before + 1, before + 2);
  }

  @Test
  void ofTwoInOneBatchOneIsFirst() {
    CountDownLatch writerGoesOn = holdWriter();
    CompletionStage<Boolean> one = store.set(id(1));
    CompletionStage<Boolean> two = store.set(id(1));
    writerGoesOn.countDown();
    assertThat(List.of(answer(one), answer(two))).containsExactly(true, false);
  }

  @Test
  void aFullQueueRefusesAtOnce() {
    CountDownLatch writerGoesOn = holdWriter();
    List<CompletionStage<Boolean>> accepted = setMany(RocksStore.MAX_QUEUED_SETS);
    CompletionStage<Boolean> tooMany = store.set(id(Long.MIN_VALUE));
    assertThatThrownBy(() -> answer(tooMany))
        .hasCauseInstanceOf(StoreException.class)
        .hasMessageContaining("try again");
    writerGoesOn.countDown();
    accepted.forEach(this::done);
    assertThat(answer(store.set(id(Long.MIN_VALUE)))).isTrue();
  }

  @Test
  void setsThatWereThereAreNotWrittenAgain() {
    answer(store.set(id(1)));
    answer(store.set(id(1)));
    assertThat(rocks().batches()).isEqualTo(1);
  }

  /** Only a caller that is wrong can tell: it hears what it said itself. */
  @Test
  void aSetThatIsCalledNewIsNotLookedUp() {
    answer(store.set(id(1)));
    CompletionStage<Boolean> again = store.setSoon(id(1), true);
    store.flush();
    assertThat(answer(again)).isTrue();
  }

  /** Nobody can tell whether it is set; that it is set from now on can be told. */
  @Test
  void aDamagedSetIsNotCalledUnsetAndCanBeSetAnew() throws Exception {
    setMany(1_000).forEach(this::done);
    store.close();
    open().close(); // What was in the log is in a file from now on.
    StoreDirectoryTest.overwrite(fileOfSets(), 0, (byte) 'x', 1_000);
    store = open();
    assertThatThrownBy(() -> answer(store.isSet(id(1))))
        .hasCauseInstanceOf(StoreException.class)
        .cause()
        .hasMessage("the store can't look it up; try again");
    assertThat(answer(store.set(id(1)))).isFalse(); // Somebody was the first already.
    assertThat(answer(store.isSet(id(1)))).isTrue();
    store.close();
    store = open();
    assertThat(answer(store.isSet(id(1)))).isTrue();
  }

  private Path fileOfSets() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("store"))) {
      return files.filter(file -> file.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
  }

  @Test
  void whatIsKnownToBeSetAnswersForItselfAlone() {
    LongStream.range(0, 1_000).mapToObj(i -> store.set(id(i))).toList().forEach(this::done);
    for (long i = 1_000; i < 100_000; i++) {
      assertThat(answer(store.isSet(id(i)))).isFalse();
    }
    assertThat(answer(store.isSet(id(1)))).isTrue();
  }

  /** By the system's clock, as RocksDB keeps it. Sets go on, so that some are a file's last. */
  @Test
  void forgottenAfterRememberNeverBefore() {
    store.close();
    Duration remember = Duration.ofSeconds(3);
    store = RocksStore.open(directory.resolve("brief"), remember, Sync.OS);
    List<Long> times = new ArrayList<>();
    await()
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              times.add(System.nanoTime()); // Kept from then on, or a little later.
              answer(store.set(id(times.size() - 1)));
              long forgotten = 0;
              for (int i = 0; i < times.size(); i++) {
                if (!answer(store.isSet(id(i)))) {
                  forgotten++;
                  Duration kept = Duration.ofNanos(System.nanoTime() - times.get(i));
                  assertThat(kept).isGreaterThanOrEqualTo(remember);
                }
              }
              return forgotten > 10;
            });
    assertThat(answer(store.set(id(0)))).isTrue();
  }

  @Test
  void filesSealedByManyErasAreAllSearched() {
    store.close();
    store = RocksStore.open(directory.resolve("restarted"), DAY, Sync.OS);
    for (long i = 0; i < 20; i++) {
      answer(store.set(id(i)));
      store.close();
      store = RocksStore.open(directory.resolve("restarted"), DAY, Sync.OS);
    }
    for (long i = 0; i < 20; i++) {
      assertThat(answer(store.isSet(id(i)))).isTrue();
    }
    assertThat(answer(store.isSet(id(20)))).isFalse();
  }

  private RocksStore rocks() {
    return (RocksStore) store;
  }

  /** Stages complete on the writer's thread, so one that doesn't return holds it. */
  private CountDownLatch holdWriter() {
    CompletableFuture<Void> held = new CompletableFuture<>();
    CountDownLatch goOn = new CountDownLatch(1);
    Thread caller = Thread.currentThread();
    Runnable hold =
        () -> {
          // Where the set was complete already, this is the caller, and the next one is tried.
          if (Thread.currentThread() != caller) {
            held.complete(null);
            awaitLatch(goOn);
          }
        };
    for (long i = -1; !held.isDone(); i--) {
      CompletableFuture<Void> set = store.set(id(i)).thenRun(hold).toCompletableFuture();
      CompletableFuture.anyOf(set, held).join();
    }
    return goOn;
  }

  private static boolean isAWriterAtRest() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(
            thread ->
                thread.getName().equals("doorbell-store-writer")
                    && thread.getState() == Thread.State.TIMED_WAITING);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private List<CompletionStage<Boolean>> setMany(int count) {
    return LongStream.range(0, count).mapToObj(i -> store.set(id(i))).toList();
  }

  private void done(CompletionStage<Boolean> set) {
    assertThat(answer(set)).isTrue();
  }
}
