package doorbell.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How many files this process may open yet, sockets being files. Linux tells in proc(5). */
final class OpenFiles {
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Path OPEN = Path.of("/proc/self/fd");
  private static final String SOFT_LIMIT = "Max open files ";

  private OpenFiles() {}

  /** A large number where nobody can tell. */
  static int left() {
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
