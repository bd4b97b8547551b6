package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.StoreException;
import doorbell.io.LogLines;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store's directory goes away under a running node: no set is acknowledged for nothing. */
final class StorePlaceTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path parent;
  private Path directory;
  private Path away;
  private long acknowledged;

  @BeforeEach
  void nameDirectory() {
    directory = parent.resolve("store");
    away = parent.resolve("away");
  }

  @Test
  void setsFailWhileTheDirectoryIsRenamedAndNoneIsLost() throws IOException {
    try (RocksStore store = open();
        LogLines log = LogLines.of(RocksDatabase.class)) {
      assertThat(isKept(store)).isTrue();
      for (int i = 0; i < 2; i++) { // The log has the first time alone: each may come each second.
        Files.move(directory, away);
        await().atMost(PATIENCE).until(() -> !isKept(store));
        assertThat(answer(store.isSet(id(0)))).isTrue();
        Files.move(away, directory);
        await().atMost(PATIENCE).until(() -> isKept(store));
      }
      assertThat(log.messages())
          .satisfiesExactly(
              gone -> assertThat(gone).contains(directory + " is gone"),
              back -> assertThat(back).isEqualTo("the store writes again"));
    }
    assertAllKept();
  }

  @Test
  void anotherStoreInItsPlaceIsLeftAlone() throws IOException {
    try (RocksStore store = open()) {
      assertThat(isKept(store)).isTrue();
      Files.move(directory, away);
      Path other = parent.resolve("other");
      RocksStore.open(other, RocksStoreTest.DAY, Sync.OS).close();
      Files.move(other, directory);
      await().atMost(PATIENCE).until(() -> !isKept(store));
      Files.move(directory, other);
      Files.move(away, directory);
      await().atMost(PATIENCE).until(() -> isKept(store));
    }
    assertAllKept();
  }

  @Test
  void aDirectoryThatIsDeletedIsNotBegunAnew() throws IOException {
    try (RocksStore store = open()) {
      assertThat(isKept(store)).isTrue();
      delete(directory);
      await().atMost(PATIENCE).until(() -> !isKept(store));
      Files.createDirectory(directory);
      for (int i = 0; i < 3; i++) {
        assertThat(isKept(store)).isFalse();
      }
      try (Stream<Path> files = Files.list(directory)) {
        assertThat(files).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rm *.log",
        "cp *.log copy && mv copy $(ls *.log)",
        "rm *.sst",
        "cp $(ls *.sst | tail -1) copy && mv copy $(ls *.sst | tail -1)",
        "rm MANIFEST-*",
        "rm CURRENT",
        "rm DOORBELL"
      })
  void aFileThatIsDeletedOrReplacedIsMissed(String deed) throws Exception {
    try (RocksStore store = open()) {
      assertThat(isKept(store)).isTrue();
    }
    try (RocksStore store = open()) {
      assertThat(isKept(store)).isTrue();
      ProcessBuilder shell = new ProcessBuilder("sh", "-c", deed).directory(directory.toFile());
      assertThat(shell.start().waitFor()).isZero();
      await().atMost(PATIENCE).until(() -> !isKept(store));
    }
  }

  private RocksStore open() {
    return RocksStore.open(directory, RocksStoreTest.DAY, Sync.OS);
  }

  /** Sets the next one. */
  private boolean isKept(RocksStore store) {
    try {
      answer(store.set(id(acknowledged)));
      acknowledged++;
      return true;
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(StoreException.class);
      return false;
    }
  }

  private void assertAllKept() {
    try (RocksStore store = open()) {
      for (long i = 0; i < acknowledged; i++) {
        assertThat(answer(store.isSet(id(i)))).as("%d", i).isTrue();
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }
}
