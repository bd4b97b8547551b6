package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.io.LogLines;
import doorbell.store.RocksStore.Share;
import doorbell.store.RocksStore.Sync;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store on a disk that is nearly full, or with few files: it refuses sets before one fails. */
final class RoomTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long GIB = 1L << 30;

  @TempDir Path directory;
  private final AtomicLong free = new AtomicLong(GIB);
  private long next = 100;

  @Test
  void aDiskThatIsNearlyFullTakesNoSetsUntilThereIsRoom() {
    try (RocksStore store = open(0);
        LogLines log = LogLines.of(RocksDatabase.class)) {
      assertThat(answer(store.set(id(0)))).isTrue();
      free.set(GIB / 100);
      await().atMost(PATIENCE).until(() -> !isKept(store, next++));
      assertThatThrownBy(() -> answer(store.set(id(2))))
          .hasCauseInstanceOf(StoreException.class)
          .hasMessageContaining("the disk is nearly full; the set was not kept, try again later");
      assertThat(answer(store.isSet(id(0)))).isTrue();
      assertThat(answer(store.isSet(id(2)))).isFalse();
      free.set(GIB);
      await().atMost(PATIENCE).until(() -> isKept(store, 2));
      assertThat(log.messages())
          .containsExactly(
              directory + ": the disk is nearly full; no new set is kept until there is room",
              directory + ": there is room again");
    }
    try (RocksStore store = open(0)) {
      assertThat(answer(store.isSet(id(0)))).isTrue();
      assertThat(answer(store.isSet(id(2)))).isTrue();
    }
  }

  @Test
  void whatIsKeptAlreadyIsAnsweredByAFullDiskToo() {
    try (RocksStore store = open(0)) {
      assertThat(answer(store.set(id(0)))).isTrue();
      free.set(0);
      await().atMost(PATIENCE).until(() -> !isKept(store, next++));
      List<CompletionStage<Boolean>> batch =
          List.of(
              store.setSoon(id(0), false),
              store.setSoon(id(2), false),
              store.setSoon(id(0), false),
              store.setSoon(id(3), true));
      store.flush();
      assertThat(answer(batch.get(0))).isFalse();
      assertThat(answer(batch.get(2))).isFalse();
      assertThatThrownBy(() -> answer(batch.get(1))).hasMessageContaining("nearly full");
      assertThatThrownBy(() -> answer(batch.get(3))).hasMessageContaining("nearly full");
    }
  }

  @Test
  void whatTheLogBecomesHasToHaveRoomToo() {
    Room room = new Room(free::get, Long.MAX_VALUE, new Share(0, 0));
    free.set(65L << 20);
    assertThat(room.lack(1, 0, 0)).isNull();
    assertThat(room.lack(1, 1L << 20, 0)).contains("nearly full");
    Room ofSmallDisk = new Room(free::get, 64L << 20, new Share(0, 0));
    free.set(4L << 20);
    assertThat(ofSmallDisk.lack(1, 0, 0)).isNull();
    assertThat(ofSmallDisk.lack(1, 1L << 20, 0)).contains("nearly full");
  }

  /** Each second of this store is a file, as each eighth of a day is of another. */
  @Test
  void aStoreWithItsFilesAllTakenTakesNoSetsUntilOneIsDropped() {
    Duration remember = Duration.ofSeconds(6);
    Room room = new Room(free::get, 0, new Share(12, 0));
    try (RocksStore store = RocksStore.open(directory, remember, Sync.OS, where -> room)) {
      await().atMost(PATIENCE).until(() -> !isKept(store, next++));
      assertThatThrownBy(() -> answer(store.set(id(-1))))
          .hasMessageContaining("the store has as many files as may be open; the set was not kept");
      await().atMost(PATIENCE).until(() -> isKept(store, next++));
    }
  }

  @Test
  void aStoreTakesNoMoreOfTheDiskThanItsShareAndGoesOnAnswering() throws Exception {
    Share share = new Share(0, 128 << 10);
    try (RocksStore store =
        RocksStore.open(
            directory, RocksStoreTest.DAY, Sync.OS, where -> new Room(free::get, GIB, share))) {
      assertThat(answer(store.set(id(0)))).isTrue();
      await()
          .atMost(PATIENCE)
          .until(() -> IntStream.range(0, 500).anyMatch(i -> !isKept(store, next++)));
      assertThat(bytes()).isBetween(30_000L, 128L << 10);
      assertThatThrownBy(() -> answer(store.set(id(-1))))
          .hasMessageContaining(
              "the store has as much of the disk as it may take; the set was not kept, try again");
      assertThat(answer(store.set(id(0)))).isFalse();
      assertThat(answer(store.isSet(id(-1)))).isFalse();
    }
  }

  /** A log takes as much again and more as a table, and grows until the next look. */
  @Test
  void theShareIsOfTablesAndOfWhatTheLogBecomes() {
    long mebi = 1L << 20;
    Room room = new Room(free::get, GIB, new Share(0, 100 * mebi));
    assertThat(room.lack(1, 0, 90 * mebi)).isNull();
    assertThat(room.lack(1, 0, 98 * mebi)).contains("as it may take");
    assertThat(room.lack(1, 20 * mebi, 50 * mebi)).isNull();
    assertThat(room.lack(1, 30 * mebi, 50 * mebi)).contains("as it may take");
  }

  @Test
  void filesThatAStoreHasAtItsStartAreItsOwn() {
    Room room = new Room(free::get, 0, new Share(48, 0));
    room.begin(100);
    assertThat(room.lack(130, 0, 0)).isNull();
    assertThat(room.lack(148, 0, 0)).contains("as many files as may be open");
  }

  /** Bytes of the store's logs and tables. */
  private long bytes() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(log|sst)"))
          .map(Path::toFile)
          .mapToLong(File::length)
          .sum();
    }
  }

  private RocksStore open(int files) {
    return RocksStore.open(
        directory,
        RocksStoreTest.DAY,
        Sync.OS,
        where -> new Room(free::get, GIB, new Share(files, 0)));
  }

  private static boolean isKept(SetStore store, long number) {
    try {
      answer(store.set(id(number)));
      return true;
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(StoreException.class);
      return false;
    }
  }
}
