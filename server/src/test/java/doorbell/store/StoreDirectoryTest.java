package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.StoreException;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is opened as a store, what is refused, and in which words. */
final class StoreDirectoryTest {
  private static final int SETS = 200;

  @TempDir Path parent;
  private Path directory;

  @BeforeEach
  void nameDirectory() {
    directory = parent.resolve("a").resolve("store");
  }

  @Test
  void twoNodesNeverShareADirectory() {
    try (RocksStore first = open()) {
      assertRefused().hasMessageContaining("in use by another node");
      assertThat(answer(first.set(id(1)))).isTrue();
    }
    open().close();
  }

  @Test
  void aFileIsNoDirectory() throws IOException {
    Files.createDirectories(directory.getParent());
    Files.writeString(directory, "mine");
    assertRefused().hasMessageContaining("it is a file; name a directory");
    assertThat(directory).hasContent("mine");
  }

  @Test
  void aPlaceThatTakesNoDirectoryIsRefused() {
    directory = Path.of("/proc/doorbell");
    assertRefused().hasMessageContaining("name a directory that Doorbell may make");
  }

  @Test
  void filesOfOthersAreLeftAlone() throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("photo.jpg"), "mine");
    assertRefused().hasMessageContaining("name an empty directory");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void anotherFormatIsRefused() throws IOException {
    setSome();
    Files.writeString(directory.resolve(StoreDirectory.MARK), "doorbell store 2\n");
    assertRefused().hasMessageContaining("another version of Doorbell");
  }

  @Test
  void theRootOfANewFileSystemIsEmptyEnough() throws IOException {
    Files.createDirectories(directory.resolve("lost+found"));
    open().close();
  }

  @Test
  void aFirstStartThatWasCutShortIsRepeated() throws IOException {
    Files.createDirectories(directory);
    Files.createFile(directory.resolve(StoreDirectory.MARK));
    open().close();
    setSome();
    assertAllKept(SETS);
  }

  @Test
  void aDamagedManifestIsRefused() throws IOException {
    setSome();
    overwrite(file("MANIFEST-"), 20, (byte) 0x55, 20);
    assertRefused().hasMessageContaining("is damaged").hasMessageContaining("restore it");
  }

  @Test
  void aDamagedCurrentIsRefused() throws IOException {
    setSome();
    overwrite(file("CURRENT"), 0, (byte) 0x55, 8);
    assertRefused().hasMessageContaining("is damaged").hasMessageContaining("restore it");
  }

  @Test
  void aStoreThatLostItsCurrentIsNotBegunAnew() throws IOException {
    setSome();
    Files.delete(file("CURRENT"));
    assertRefused().hasMessageContaining("is damaged").hasMessageContaining("restore it");
  }

  @Test
  void damageInsideTheLogIsRefused() throws IOException {
    setSome();
    overwrite(log(), Files.size(log()) / 2, (byte) 0x55, 3);
    assertRefused().hasMessageContaining(".log is damaged").hasMessageContaining("empty it");
    truncate(log(), 0);
    open().close();
  }

  @Test
  void aLogThatEndsWithinARecordOpens() throws IOException {
    setSome();
    truncate(log(), Files.size(log()) - 5);
    assertAllKept(SETS - 1);
  }

  @Test
  void aLogThatEndsInAHoleOpens() throws IOException {
    setSome();
    overwrite(log(), Files.size(log()) - 5, (byte) 0, 5);
    assertAllKept(SETS - 1);
  }

  @Test
  void aLogThatEndsInZerosOpens() throws IOException {
    setSome();
    overwrite(log(), Files.size(log()), (byte) 0, 10_000);
    assertAllKept(SETS);
  }

  private RocksStore open() {
    return RocksStore.open(directory, RocksStoreTest.DAY, Sync.ALWAYS);
  }

  /** One batch after the other, so that each is a record of its own in the log. */
  private void setSome() {
    try (RocksStore store = open()) {
      for (long i = 0; i < SETS; i++) {
        answer(store.set(id(i)));
      }
    }
  }

  private void assertAllKept(int sets) {
    // Twice: what recovery wrote must itself be in order.
    for (int round = 0; round < 2; round++) {
      try (RocksStore store = open()) {
        for (long i = 0; i < sets; i++) {
          assertThat(answer(store.isSet(id(i)))).as("%d", i).isTrue();
        }
        assertThat(answer(store.isSet(id(SETS)))).isFalse();
      }
    }
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused() {
    return assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.toString());
  }

  /** The log with the sets: RocksDB may leave an empty one beside it. */
  private Path log() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.toString().endsWith(".log"))
          .max(Comparator.comparingLong(file -> file.toFile().length()))
          .orElseThrow();
    }
  }

  private Path file(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst()
          .orElseThrow();
    }
  }

  static void overwrite(Path file, long at, byte with, int count) throws IOException {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, with);
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      open.write(bytes);
    }
  }

  private static void truncate(Path file, long length) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(length);
    }
  }
}
