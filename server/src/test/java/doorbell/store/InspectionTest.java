package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static doorbell.store.SetStoreContract.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store of which a part rotted or is gone never has fewer sets without a word. */
final class InspectionTest {
  private static final int BLOCK = 32 << 10;
  private static final int HEADER = 7;

  /** Stands for a batch of one key that the test gives. */
  private static final int LONG = -1;

  /** After which a file is written. */
  private static final Duration ERA = Duration.ofSeconds(3);

  @TempDir Path parent;
  private Path directory;

  /** Where it is kept, and copied from. */
  private Path living;

  private long sets;

  /** Where the log's batches end. */
  private final List<Integer> ends = new ArrayList<>();

  @BeforeEach
  void nameDirectory() {
    directory = parent.resolve("store");
    living = directory;
  }

  @Test
  void anyBitOfTheLogButOfItsLastBatchIsMissed() throws IOException {
    keep(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    byte[] whole = log();
    for (int bit = 0; bit < lastBegins() * 8; bit++) {
      assertDamaged(flipped(whole, bit), "bit " + bit);
    }
  }

  /** It may as well be the end that a kill or a power cut left. */
  @Test
  void aBitOfTheLastBatchTakesThatBatchAloneAlong() throws IOException {
    keep(1, 1, 1);
    byte[] whole = log();
    for (int at = lastBegins(); at < whole.length; at++) {
      write(flipped(whole, at * 8));
      inspect();
    }
    sets--;
    try (RocksStore store = open()) {
      assertThat(hasAll(store)).isTrue();
    }
  }

  @Test
  void anyByteOfABatchOfManyRecordsIsMissed() throws IOException {
    keep(1, 5_000, 5_000, 1);
    byte[] whole = log();
    assertThat(whole.length).isGreaterThan(4 * BLOCK);
    Random random = new Random(1);
    for (int at = 0; at < lastBegins(); at += isNearAnEdge(at) ? 1 : 211) {
      assertDamaged(flipped(whole, at * 8 + random.nextInt(8)), "byte " + at);
    }
  }

  /**
   * Where a block has room for a header and no more, a batch begins there with none of its bytes.
   */
  @Test
  void aBatchThatBeginsWithNothingAtTheEndOfABlockIsRead() throws IOException {
    keep(1, 1_715);
    int room = BLOCK - HEADER - ends.getLast();
    keep(new byte[room - ends.getFirst() + id(0).bytes().length], 1, 1_715, LONG, 1, 1);
    assertThat(ends.get(2)).isEqualTo(BLOCK - HEADER);
    inspect();
    byte[] whole = log();
    for (int bit = (BLOCK - HEADER) * 8; bit < lastBegins() * 8; bit++) {
      assertDamaged(flipped(whole, bit), "bit " + bit);
    }
  }

  @Test
  void sectorsOfZerosInsideTheLogAreMissed() throws IOException {
    keep(300, 300, 300, 3_000, 300);
    byte[] whole = log();
    for (int at = 0; at + 512 < lastBegins(); at += 512) {
      byte[] zeros = whole.clone();
      Arrays.fill(zeros, at, at + 512, (byte) 0);
      assertDamaged(zeros, "sector at " + at);
    }
  }

  @Test
  void everyEndThatAKillMayLeaveIsWhole() throws IOException {
    keep(1, 1, 3_000, 1);
    byte[] whole = log();
    for (int length = 0; length <= whole.length; length += isNearAnEdge(length) ? 1 : 101) {
      write(Arrays.copyOf(whole, length));
      inspect();
    }
  }

  /** Clients choose ids, and so the bytes of a batch that is torn; what it holds is no batch. */
  @Test
  void aBatchInsideATornBatchIsNoBatch() throws IOException {
    keep(1);
    byte[] first = log();
    byte[] torn = Arrays.copyOf(first, first.length + HEADER + 100 + first.length);
    torn[first.length + 4] = (byte) 0xff; // Its length, which is more than there is.
    torn[first.length + 6] = 1;
    System.arraycopy(first, 0, torn, torn.length - first.length, first.length);
    write(torn);
    inspect();
  }

  @Test
  void aTornLogBeforeAnotherIsMissedWhereItsSetsAreGone() throws IOException {
    keep(1, 1, 1, 1);
    byte[] whole = log();
    byte[] early = Arrays.copyOf(whole, ends.get(1));
    byte[] late = Arrays.copyOfRange(whole, ends.get(1), whole.length);
    Path second = Files.write(directory.resolve("999999.log"), late);
    write(early);
    inspect();
    write(Arrays.copyOf(early, early.length + 20)); // A try that failed, and was made again.
    inspect();
    for (int bit = 0; bit < early.length * 8; bit++) {
      write(flipped(early, bit));
      assertThatThrownBy(this::inspect, "bit %d", bit)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("is damaged")
          .hasMessageContaining("restore it");
    }
    Files.delete(logFile());
    assertThat(logFile()).isEqualTo(second);
    assertThatThrownBy(this::inspect).hasMessageContaining("sets before those in 999999.log");
  }

  @Test
  void aLogThatIsGoneIsMissed() throws IOException {
    keep(1, 1, 1);
    Files.delete(logFile());
    assertThatThrownBy(this::open)
        .isInstanceOf(StoreException.class)
        .hasMessage(
            directory
                + " is damaged (its log is missing); restore it from a copy, or name an empty"
                + " directory, which begins with no sets");
  }

  @Test
  void aStoreWithoutCurrentAndLogIsNotBegunAnew() throws IOException {
    keep(1, 1, 1);
    Files.delete(logFile());
    Files.delete(directory.resolve("CURRENT"));
    assertThatThrownBy(this::open).hasMessageContaining("is damaged");
  }

  /** Whatever rots in the manifest: the store is refused, or has all sets. */
  @Test
  void noByteOfTheManifestTakesSetsAlong() throws IOException {
    keep(10);
    keepMore(); // What was in the log is in a file from now on.
    assertSafe("MANIFEST-.*");
    keepMore(10);
    keepMore(10);
    assertSafe("MANIFEST-.*");
  }

  @Test
  void noByteOfTheManifestTakesTheFileAlongThatCameLast() throws IOException {
    try (RocksDatabase database = database(ERA.multipliedBy(8))) {
      database.write(ids(10));
      Path log = logFile();
      await()
          .until(
              () -> {
                database.upkeep();
                return !Files.exists(log);
              });
      copy(living, parent.resolve("killed"));
    }
    directory = parent.resolve("killed");
    inspect();
    assertSafe("MANIFEST-.*");
  }

  /** Opens only some of those that seem whole, since that takes a while. */
  private void assertSafe(String name) throws IOException {
    Path copy = parent.resolve("copy");
    byte[] whole = Files.readAllBytes(file(directory, name));
    Random random = new Random(2);
    int seemWhole = 0;
    for (int at = 0; at < whole.length; at++) {
      copy(directory, copy);
      Files.write(file(copy, name), flipped(whole, at * 8 + random.nextInt(8)));
      if (seemsWhole(copy) && seemWhole++ % 30 == 0) {
        assertThat(isRefusedOrHasAll(copy)).as("byte %d", at).isTrue();
      }
    }
  }

  private static boolean seemsWhole(Path copy) throws IOException {
    try {
      Inspection.inspect(copy);
      return true;
    } catch (StoreException e) {
      return false;
    }
  }

  private boolean isRefusedOrHasAll(Path copy) {
    try (RocksStore store = RocksStore.open(copy, RocksStoreTest.DAY, Sync.OS)) {
      return hasAll(store);
    } catch (StoreException e) {
      return true;
    }
  }

  private boolean hasAll(RocksStore store) {
    return LongStream.range(0, sets).allMatch(i -> isTold(store, id(i)));
  }

  private static boolean isTold(RocksStore store, EventId id) {
    try {
      return answer(store.isSet(id));
    } catch (CompletionException e) {
      return e.getCause() instanceof StoreException;
    }
  }

  private RocksDatabase database(Duration remember) {
    return RocksDatabase.open(
        living,
        () -> new RocksOptions(remember),
        false,
        path -> Room.in(path, new RocksStore.Share(0, 0)));
  }

  private RocksStore open() {
    return RocksStore.open(directory, RocksStoreTest.DAY, Sync.OS);
  }

  /** A manifest with a right checksum, and with numbers that no RocksDB writes. */
  @Test
  @Timeout(30)
  void entriesOfAnyNumbersAreReadToTheirEnd() throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("CURRENT"), "MANIFEST-000005\n");
    Path log = directory.resolve("000004.log");
    byte[] endless = {1, (byte) 0xfa, -1, -1, -1, 0x0f}; // Back by six bytes, as an int.
    byte[] negative = {1, (byte) 0xf0, -1, -1, -1, 0x0f};
    byte[] last = {4, (byte) 0xfe, -1, -1, -1, -1, -1, -1, -1, 0x7f};
    for (byte[] entry : new byte[][] {endless, negative, last}) {
      Files.write(log, new byte[0]);
      Files.write(directory.resolve("MANIFEST-000005"), logOf(entry));
      inspect();
    }
    Files.write(log, logOf(new byte[] {1, 2, 3}));
    assertThatThrownBy(this::inspect).isInstanceOf(StoreException.class);
  }

  private static byte[] logOf(byte[] entry) {
    return RecordLogFuzz.log(List.of(entry), new ArrayList<>());
  }

  private void inspect() throws IOException {
    Inspection.inspect(directory);
  }

  /** Makes the store anew with batches of so many sets, as a node that is killed then leaves it. */
  private void keep(int... batches) throws IOException {
    keep(new byte[0], batches);
  }

  private void keep(byte[] key, int... batches) throws IOException {
    living = Files.createTempDirectory(parent, "living");
    sets = 0;
    keepMore(key, batches);
  }

  private void keepMore(int... batches) throws IOException {
    keepMore(new byte[0], batches);
  }

  private void keepMore(byte[] key, int... batches) throws IOException {
    try (RocksDatabase database = database(RocksStoreTest.DAY)) {
      ends.clear();
      for (int size : batches) {
        database.write(size == LONG ? List.of(key) : ids(size));
        ends.add((int) Files.size(file(living, "[0-9]+\\.log")));
      }
      copy(living, directory);
    }
  }

  private List<byte[]> ids(int count) {
    sets += count;
    return LongStream.range(sets - count, sets).mapToObj(i -> id(i).bytes()).toList();
  }

  private void assertDamaged(byte[] log, String what) throws IOException {
    write(log);
    assertThatThrownBy(this::inspect, what)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is damaged; restore it from a copy, or empty it");
  }

  private int lastBegins() {
    return ends.get(ends.size() - 2);
  }

  private static boolean isNearAnEdge(int at) {
    return at % BLOCK < 40 || at % BLOCK > BLOCK - 40;
  }

  private static byte[] flipped(byte[] whole, int bit) {
    byte[] rotten = whole.clone();
    rotten[bit / 8] ^= (byte) (1 << bit % 8);
    return rotten;
  }

  private byte[] log() throws IOException {
    return Files.readAllBytes(logFile());
  }

  private void write(byte[] log) throws IOException {
    Files.write(logFile(), log);
  }

  private Path logFile() throws IOException {
    return file(directory, "[0-9]+\\.log");
  }

  private static Path file(Path directory, String name) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches(name))
          .min(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> old = Files.list(to);
        Stream<Path> files = Files.list(from)) {
      for (Path file : old.toList()) {
        Files.delete(file);
      }
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
