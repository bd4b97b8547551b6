package doorbell.store;

import static doorbell.store.SetStoreContract.answer;

import doorbell.event.EventId;
import doorbell.store.RocksStore.Sync;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.stream.LongStream;

/** Sets ids for ever, and says each once it is acknowledged. Arguments: directory, sync, round. */
final class KilledSetter {
  private static final int SETTERS = 4;
  private static final int CROWD = 16;

  // Unbuffered: one write a line, so that what was said can't be lost with the process.
  private static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);

  private KilledSetter() {}

  public static void main(String[] args) {
    RocksStore store = RocksStore.open(Path.of(args[0]), Duration.ofDays(1), Sync.valueOf(args[1]));
    long round = Long.parseLong(args[2]);
    for (int setter = 0; setter < SETTERS; setter++) {
      long high = round * SETTERS + setter;
      Thread.ofPlatform().start(() -> setForEver(store, high));
    }
  }

  private static void setForEver(RocksStore store, long high) {
    for (long low = 0; ; low += CROWD) {
      LongStream.range(low, low + CROWD)
          .mapToObj(number -> new EventId.Plain(high, number))
          .map(id -> store.set(id).thenAccept(first -> say(id)))
          .toList()
          .forEach(KilledSetter::finish);
    }
  }

  private static void finish(CompletionStage<Void> said) {
    answer(said);
  }

  private static void say(EventId.Plain id) {
    String line = new UUID(id.high(), id.low()) + "\n";
    try {
      OUT.write(line.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
