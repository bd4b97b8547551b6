package doorbell.store;

import static doorbell.store.SetStoreContract.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.RocksStore.Sync;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kills a process that sets as fast as it can, at a random moment, again and again in the same
 * directory. {@code -Dkill.rounds=N} for more than 5 rounds, {@code -Dkill.seed=N} for the same.
 */
final class KillTest {
  private static final int ROUNDS = Integer.getInteger("kill.rounds", 5);
  private static final int MOST_BYTES = 40_000;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource
  void whatWasAcknowledgedSurvivesKill9(Sync sync) throws Exception {
    long seed = Long.getLong("kill.seed", System.nanoTime());
    Random random = new Random(seed);
    List<EventId> acknowledged = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      acknowledged.addAll(setAndKill(sync, round, random.nextInt(MOST_BYTES)));
      try (RocksStore store = open(sync)) {
        assertThat(acknowledged)
            .as("round %d of seed %d", round, seed)
            .allMatch(id -> answer(store.isSet(id)));
      }
    }
    assertThat(acknowledged).isNotEmpty();
  }

  @Test
  void aDirectoryInUseByAnotherProcessIsRefused() throws Exception {
    Process setter = start(Sync.OS, 0);
    try {
      assertThat(setter.getInputStream().read()).as("an acknowledged set").isPositive();
      assertThatThrownBy(() -> open(Sync.OS))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("in use by another node");
    } finally {
      setter.destroyForcibly().waitFor();
    }
  }

  /** Returns what was acknowledged by a process that was killed after it printed some bytes. */
  private List<EventId> setAndKill(Sync sync, int round, int bytes) throws Exception {
    Process setter = start(sync, round);
    String said;
    try (InputStream out = setter.getInputStream()) {
      byte[] before = out.readNBytes(bytes);
      // By its handle: Process would throw away what is still in the pipe.
      setter.toHandle().destroyForcibly();
      said = new String(before, StandardCharsets.US_ASCII) + rest(out);
    }
    setter.waitFor();
    // What follows the last line's end was cut off by the kill.
    String whole = said.substring(0, said.lastIndexOf('\n') + 1);
    return whole.lines().map(EventId::parse).toList();
  }

  private static String rest(InputStream out) throws IOException {
    return new String(out.readAllBytes(), StandardCharsets.US_ASCII);
  }

  private RocksStore open(Sync sync) {
    return RocksStore.open(directory.resolve("store"), RocksStoreTest.DAY, sync);
  }

  private Process start(Sync sync, int round) throws IOException {
    return new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "--enable-native-access=ALL-UNNAMED",
            // RocksDB leaves its native library there when killed.
            "-Djava.io.tmpdir=" + directory,
            "-cp",
            System.getProperty("java.class.path"),
            KilledSetter.class.getName(),
            directory.resolve("store").toString(),
            sync.name(),
            String.valueOf(round))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
