package doorbell.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Checks that the files of an open store are the files that RocksDB has open. RocksDB also writes
 * to deleted or replaced files, where nobody will find the sets again. For the writer.
 */
final class Presence {
  private final Path directory;
  private final List<String> place;

  /**
   * Identities of the logs, by number, at the last look that found all files; likewise of the
   * tables.
   */
  private Map<Long, String> logs;

  private Map<Long, String> tables;

  private Presence(Path directory) throws IOException {
    this.directory = directory;
    place = place();
    logs = numbered(".log");
    tables = numbered(".sst");
  }

  /** The files of a store that was opened just now. */
  static Presence of(Path directory) throws IOException {
    return new Presence(directory);
  }

  /** True if all files are there, also the tables that RocksDB lists, as {@code /000008.sst}. */
  boolean isThere(Supplier<List<String>> live) {
    try {
      Map<Long, String> logsNow = numbered(".log");
      Map<Long, String> tablesNow = numbered(".sst");
      // RocksDB lists tables twice, since a table may have been dropped just now.
      if (Stream.generate(live).limit(2).noneMatch(this::hasAll)) {
        return false;
      }
      if (last(logsNow) < last(logs)
          || !isSame(logs, logsNow)
          || !isSame(tables, tablesNow)
          || !place().equals(place)) {
        return false;
      }
      logs = logsNow;
      tables = tablesNow;
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private boolean hasAll(List<String> tables) {
    return tables.stream().allMatch(name -> Files.exists(directory.resolve(name.substring(1))));
  }

  /** True if files that stay are the same; old files may go, and new files may come. */
  private static boolean isSame(Map<Long, String> before, Map<Long, String> now) {
    return before.entrySet().stream()
        .allMatch(file -> now.getOrDefault(file.getKey(), file.getValue()).equals(file.getValue()));
  }

  /** The number of the last log, which takes the sets, and goes only when there is a later log. */
  private static long last(Map<Long, String> logs) {
    return logs.keySet().stream().mapToLong(Long::longValue).max().orElse(-1);
  }

  /** The files that stay as long as the store is open. */
  private List<String> place() throws IOException {
    String current = Files.readString(directory.resolve(Inspection.CURRENT), ISO_8859_1);
    identity(directory.resolve(current.strip()));
    identity(directory.resolve(StoreDirectory.MARK));
    return List.of(identity(directory), identity(directory.resolve("LOCK")));
  }

  private Map<Long, String> numbered(String ending) throws IOException {
    Map<Long, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path path : (Iterable<Path>) files::iterator) {
        String name = path.getFileName().toString();
        if (name.matches("[0-9]{1,18}\\" + ending)) {
          put(found, Long.valueOf(name.substring(0, name.indexOf('.'))), path);
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return found;
  }

  private static void put(Map<Long, String> found, Long number, Path path) throws IOException {
    try {
      found.put(number, identity(path));
    } catch (NoSuchFileException e) {
      // RocksDB has deleted the file just now.
    }
  }

  private static String identity(Path file) throws IOException {
    return "" + Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }
}
