import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.store.RocksStore;
import doorbell.store.RocksStore.Sync;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;

/**
 * Opens one store after the other, much faster than a node starts. A line "DIRECTORY TAB FILE TAB
 * COUNT" asks for the first COUNT ids of FILE; the answer is a line: "refused SENTENCE", or "opened
 * LOST UNSURE", the numbers of ids that are unset and of those that the store can't look up.
 */
final class Opener {
  private static final Duration DAY = Duration.ofDays(1);

  /** An id that no file has: an opened store takes it. */
  private static final EventId NEW = EventId.parse("4711");

  private Opener() {}

  public static void main(String[] arguments) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err); // The store's log goes there.
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split("\t");
      List<String> ids = Files.readAllLines(Path.of(words[1]));
      out.println(answer(Path.of(words[0]), ids.subList(0, Integer.parseInt(words[2]))));
    }
  }

  private static String answer(Path directory, List<String> ids) {
    try {
      int[] first = look(directory, ids, true);
      int[] second = look(directory, ids, false);
      return "opened " + Math.max(first[0], second[0]) + " " + Math.max(first[1], second[1]);
    } catch (StoreException refused) {
      return "refused " + String.valueOf(refused.getMessage()).replaceAll("\\p{Cntrl}", "?");
    } catch (Exception surprise) {
      return "failed " + surprise;
    }
  }

  /** Twice: what the first opening wrote must itself be in order. */
  private static int[] look(Path directory, List<String> ids, boolean isFirst) {
    try (RocksStore store = RocksStore.open(directory, DAY, Sync.OS)) {
      int lost = 0;
      int unsure = 0;
      for (String id : ids) {
        try {
          lost += isSet(store, EventId.parse(id)) ? 0 : 1;
        } catch (CompletionException e) {
          unsure++;
        }
      }
      if (isFirst) {
        store.set(NEW).toCompletableFuture().join();
      }
      return new int[] {lost, unsure};
    }
  }

  private static boolean isSet(SetStore store, EventId id) {
    return store.isSet(id).toCompletableFuture().join();
  }
}
