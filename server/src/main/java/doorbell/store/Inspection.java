package doorbell.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks that a RocksDB has all acknowledged sets, before opening. RocksDB alone takes much damage
 * for a torn end, and silently drops the sets behind the damage. Sets are numbered. The manifest
 * has the number of the last set in files, and the logs go on from there.
 */
final class Inspection {
  private static final Pattern NUMBERED = Pattern.compile("([0-9]{1,18})\\.(log|sst)");
  private static final Pattern MANIFEST = Pattern.compile("(MANIFEST-[0-9]{1,18})\n");

  /** The file that names the manifest. */
  static final String CURRENT = "CURRENT";

  /** The manifest of a first start; the log comes next, and then another manifest. */
  static final String FIRST_MANIFEST = "MANIFEST-000001";

  /** Fields with a number, at the start of a manifest entry. */
  private static final int LOG = 2;

  private static final int NEXT_FILE = 3;
  private static final int LAST_SET = 4;
  private static final int LOG_BEFORE = 9;
  private static final int LEAST_LOG = 10;

  /** Fields with a text, at the start of a manifest entry. */
  private static final int COMPARATOR = 1;

  private static final int IDENTITY = 8_193;

  private final Path directory;

  /** The number of the first log that counts; sets of earlier logs are in files. */
  private long firstLog;

  /** A file number greater than any in the manifest. */
  private long nextFile;

  /** The number of the next set. */
  private long nextSet = 1;

  private Inspection(Path directory) {
    this.directory = directory;
  }

  /**
   * @throws StoreException if sets are missing, with a sentence
   */
  static void inspect(Path directory) throws IOException {
    String current = Files.readString(directory.resolve(CURRENT), ISO_8859_1);
    Matcher manifest = MANIFEST.matcher(current);
    // RocksDB refuses a wrong name.
    if (manifest.matches() && Files.exists(directory.resolve(manifest.group(1)))) {
      new Inspection(directory).inspect(manifest.group(1));
    }
  }

  private void inspect(String manifest) throws IOException {
    if (RecordLog.isDamagedInside(directory.resolve(manifest), new Edits())) {
      throw damaged(manifest + " has a damaged entry");
    }
    long inFiles = nextSet;
    List<Path> logs = numbered("log").filter(log -> number(log) >= firstLog).toList();
    for (Path log : logs) {
      if (RecordLog.isDamagedInside(log, new Batches(log))) {
        throw new StoreException(
            log
                + " is damaged; restore it from a copy, or empty it to go on without the sets in"
                + " it");
      }
    }
    if (logs.isEmpty() && !manifest.equals(FIRST_MANIFEST)) {
      throw damaged("its log is missing");
    }
    // A file that the manifest doesn't have yet holds sets that are in a log.
    if (nextSet == inFiles && numbered("sst").anyMatch(file -> number(file) >= nextFile)) {
      throw damaged(manifest + " has no entry of the last file");
    }
  }

  private StoreException damaged(String what) {
    return StoreDirectory.damaged(directory, what, null);
  }

  private Stream<Path> numbered(String ending) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> NUMBERED.matcher(file.getFileName().toString()).matches())
          .filter(file -> file.toString().endsWith(ending))
          .sorted(Comparator.comparingLong(Inspection::number))
          .toList()
          .stream();
    }
  }

  private static long number(Path file) {
    String name = file.getFileName().toString();
    return Long.parseLong(name.substring(0, name.indexOf('.')));
  }

  /** Reads the manifest's entries. */
  private final class Edits implements RecordLog.Entries {
    @Override
    public void entry(ByteBuffer head) {
      while (head.hasRemaining()) {
        int field = (int) number(head);
        switch (field) {
          case LOG -> firstLog = Math.max(firstLog, number(head));
          case NEXT_FILE -> nextFile = number(head);
          case LAST_SET -> nextSet = number(head) + 1;
          case LOG_BEFORE, LEAST_LOG -> number(head);
          case COMPARATOR, IDENTITY -> {
            long length = number(head);
            head.position(head.position() + Math.clamp(length, 0, head.remaining()));
          }
          default -> head.position(head.limit()); // The numbers stand first.
        }
      }
    }

    @Override
    public boolean mayFollow(ByteBuffer head, long bytes) {
      return true;
    }

    /** A number in groups of seven bits, the lowest first. */
    private static long number(ByteBuffer head) {
      long number = 0;
      for (int shift = 0; head.hasRemaining(); shift += 7) {
        byte group = head.get();
        number |= (group & 0x7fL) << shift;
        if (group >= 0) {
          break;
        }
      }
      return number;
    }
  }

  /** The batches of a log: the number of a batch's first set, and the count of sets. */
  private final class Batches implements RecordLog.Entries {
    private static final int HEAD = Long.BYTES + Integer.BYTES;

    private final Path log;
    private boolean begun;

    private Batches(Path log) {
      this.log = log;
    }

    @Override
    public void entry(ByteBuffer head) {
      boolean isWhole = head.remaining() >= HEAD;
      long first = isWhole ? head.getLong() : 0;
      if (!isWhole || first > nextSet) {
        throw damaged("sets before those in " + log.getFileName() + " are missing");
      }
      nextSet = Math.max(nextSet, first + head.getInt());
      begun = true;
    }

    @Override
    public boolean mayFollow(ByteBuffer head, long bytes) {
      if (head.remaining() < HEAD) {
        return true;
      }
      long first = head.getLong();
      return first <= nextSet + bytes && (!begun || first >= nextSet);
    }
  }
}
