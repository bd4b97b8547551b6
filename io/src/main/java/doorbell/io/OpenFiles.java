package doorbell.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Counts the files that this process may still open, sockets being files. Linux tells in proc(5).
 */
public final class OpenFiles {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Path OPEN = Path.of("/proc/self/fd");
  private static final String SOFT_LIMIT = "Max open files ";

  /** Reason that a client must wait. */
  public static final String ALL_TAKEN =
      "as many are connected as files may be open (ulimit -n) and as the heap has room for (-Xmx)";

  private OpenFiles() {}

  /**
   * Number of clients that may have a file, beside the node and {@code ofStore} files that the
   * store may still open; but no more than {@code most}, for which the heap has room.
   *
   * @throws IllegalStateException if there are files for too few clients
   */
  public static int forClients(int ofStore, int most) {
    int clients = left() - IoLimits.SPARE_FILES - ofStore;
    if (clients < IoLimits.LEAST_CLIENTS) {
      throw new IllegalStateException(
          "too few files may be open for a node and its clients; raise the limit (ulimit -n) by "
              + (IoLimits.LEAST_CLIENTS - clients)
              + " at least");
    }
    return Math.min(clients, most);
  }

  /** Files that may still be opened; a large number where the system doesn't tell. */
  public static int left() {
    try {
      return limit() - open();
    } catch (IOException | NumberFormatException e) {
      return Integer.MAX_VALUE;
    }
  }

  private static int limit() throws IOException {
    for (String line : Files.readAllLines(LIMITS)) {
      if (line.startsWith(SOFT_LIMIT)) {
        return Integer.parseInt(line.substring(SOFT_LIMIT.length()).trim().split(" ", 2)[0]);
      }
    }
    throw new IOException("there is no limit");
  }

  private static int open() throws IOException {
    try (var files = Files.list(OPEN)) {
      return (int) files.count();
    }
  }
}
