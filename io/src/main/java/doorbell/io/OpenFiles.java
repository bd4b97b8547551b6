package doorbell.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many files this process may open yet, sockets being files. Linux tells in proc(5). */
public final class OpenFiles {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Path OPEN = Path.of("/proc/self/fd");
  private static final String SOFT_LIMIT = "Max open files ";

  /** Why a client must wait. */
  public static final String ALL_TAKEN =
      "as many are connected as files may be open (ulimit -n) and as the heap has room for (-Xmx)";

  private OpenFiles() {}

  /**
   * How many clients may have one, beside the node itself and {@code ofStore} that its store may
   * open yet; but no more than {@code most}, for which the heap has room.
   *
   * @throws IllegalStateException if these are too few to be a node
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

  /** A large number where nobody can tell. */
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
