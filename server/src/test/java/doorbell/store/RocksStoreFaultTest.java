package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import doorbell.event.StoreException;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that takes no writes for a while: nothing acknowledged is lost, and the node heals. */
final class RocksStoreFaultTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path directory;

  @Test
  void aFullDiskFailsSetsUntilThereIsRoom() throws Exception {
    run(
        "needs the right to mount",
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=4m",
        "tmpfs",
        directory.toString());
    try {
      Path filler = directory.resolve("filler");
      sufferAndHeal("No space left on device", () -> fill(filler), () -> Files.delete(filler));
    } finally {
      run("", "umount", directory.toString());
    }
  }

  /** Stands for all faults after which RocksDB by itself never writes again. */
  @Test
  void aWriteErrorFailsSetsUntilTheDiskTakesThemAgain() throws Exception {
    String me = String.valueOf(ProcessHandle.current().pid());
    sufferAndHeal(
        "File too large",
        () -> run("needs prlimit", "prlimit", "--pid", me, "--fsize=4096:unlimited"),
        () -> run("needs prlimit", "prlimit", "--pid", me, "--fsize=unlimited:unlimited"));
  }

  /** It may be set already; it is written anew. */
  @Test
  void aSetOfAnIdThatCantBeReadIsNeverTheFirst() throws Exception {
    try (RocksStore store = RocksStore.open(directory, RocksStoreTest.DAY, Sync.OS)) {
      assertThat(answer(store.set(id(0)))).isTrue();
    }
    try (RocksStore store = RocksStore.open(directory, RocksStoreTest.DAY, Sync.OS)) {
      StoreDirectoryTest.overwrite(table(), 0, (byte) 0x55, 8);
      List<CompletionStage<Boolean>> batch =
          Stream.of(0, 1, 0).map(number -> store.setSoon(id(number), false)).toList();
      store.flush();
      assertThat(batch.stream().map(SetStoreContract::answer)).containsExactly(false, true, false);
      assertThat(answer(store.isSet(id(0)))).isTrue();
    }
  }

  private Path table() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
  }

  private void sufferAndHeal(String reason, Step suffer, Step heal) throws Exception {
    Path path = directory.resolve("store");
    long acknowledged;
    Room asIfEmpty = new Room(() -> Long.MAX_VALUE, 0, new RocksStore.Share(0, 0));
    try (RocksStore store =
            RocksStore.open(path, RocksStoreTest.DAY, Sync.ALWAYS, where -> asIfEmpty);
        Crowd _ = new Crowd(store)) {
      long first = setUntil(store, 0, 500);
      suffer.run();
      try {
        long refused = setUntil(store, first, Long.MAX_VALUE);
        assertRefused(store, refused, reason);
        assertThat(answer(store.isSet(id(refused - 1)))).isTrue();
        assertThat(answer(store.isSet(id(-1)))).isFalse();
        acknowledged = refused;
      } finally {
        heal.run();
      }
      long next = acknowledged;
      await().atMost(PATIENCE).until(() -> setUntil(store, next, next + 1) > next);
      acknowledged = setUntil(store, next + 1, next + 500);
    }
    try (RocksStore store = RocksStore.open(path, RocksStoreTest.DAY, Sync.ALWAYS)) {
      for (long i = 0; i < acknowledged; i++) {
        assertThat(answer(store.isSet(id(i)))).as("%d", i).isTrue();
      }
    }
  }

  /** Sets ids from {@code from} on, and returns the first that was not acknowledged. */
  private static long setUntil(RocksStore store, long from, long to) {
    for (long i = from; i < to; i++) {
      try {
        answer(store.set(id(i)));
      } catch (CompletionException e) {
        return i;
      }
    }
    return to;
  }

  private static void assertRefused(RocksStore store, long number, String reason) {
    assertThatThrownBy(() -> answer(store.set(id(number))))
        .hasCauseInstanceOf(StoreException.class)
        .cause()
        .hasMessage("the store can't write now; the set was not kept, try again")
        .cause()
        .hasMessageContaining(reason);
  }

  private static void fill(Path filler) throws IOException {
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(new byte[1 << 12]);
      }
    } catch (IOException e) {
      assertThat(e).hasMessage("No space left on device");
    }
  }

  private static void run(String need, String... command) throws Exception {
    int exit;
    try {
      exit = new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException e) {
      exit = -1;
    }
    assumeTrue(exit == 0, need);
  }

  private interface Step {
    void run() throws Exception;
  }

  /** Looks up all the time, so that a database that is used after its close would be noticed. */
  private static final class Crowd implements AutoCloseable {
    private final AtomicBoolean leaves = new AtomicBoolean();
    private final Thread thread;
    private volatile @Nullable Throwable surprise;

    Crowd(RocksStore store) {
      thread = Thread.ofPlatform().start(() -> look(store));
    }

    private void look(RocksStore store) {
      for (long i = 0; !leaves.get(); i++) {
        long number = i % 1_000;
        store
            .isSet(id(number))
            .whenComplete(
                (set, e) -> {
                  if (e != null && !(e instanceof StoreException)) {
                    surprise = e;
                  }
                });
      }
    }

    @Override
    public void close() {
      leaves.set(true);
      await().until(() -> !thread.isAlive());
      assertThat(surprise).isNull();
    }
  }
}
