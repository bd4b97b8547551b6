package doorbell.cli.check;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What Linux tells of a host, below /proc and /sys: settings of the kernel, and limits of this
 * process. What a system doesn't tell is {@link #UNTOLD}, and no error.
 *
 * @param root the folder of proc and sys; a test has a tree of its own
 */
record Host(Path root) {
  /** A number that this system doesn't tell. */
  static final long UNTOLD = -1;

  private static final int MOST_BYTES = 1 << 20;
  private static final int KIBI = 1_024;
  private static final String FILES = "Max open files ";
  private static final String AVAILABLE = "MemAvailable:";
  private static final String SECCOMP = "Seccomp:";

  /** The text of a file, without space around; null if it can't be read. */
  @Nullable String text(String file) {
    // Of a setting the kernel tells as much as is asked for at once, and then no more.
    try (InputStream in = new FileInputStream(root.resolve(file).toFile())) {
      return new String(in.readNBytes(MOST_BYTES), US_ASCII).strip();
    } catch (IOException e) {
      return null;
    }
  }

  /** The number in a file that begins with one: a larger one than fits is the largest. */
  long number(String file) {
    String text = text(file);
    return text == null ? UNTOLD : number(text.split("\\s+", 2)[0], 1);
  }

  /** A setting of the kernel, such as {@code net.core.somaxconn}. */
  long setting(String name) {
    return number("proc/sys/" + name.replace('.', '/'));
  }

  /** The files that this process may open: by the soft limit, or by the hard limit. */
  long openFiles(boolean hard) {
    String line = line("proc/self/limits", FILES);
    return line == null ? UNTOLD : number(line.split("\\s+", 3)[hard ? 1 : 0], 1);
  }

  /** Bytes of memory that programs may still take without swapping. */
  long availableMemory() {
    String line = line("proc/meminfo", AVAILABLE);
    return line == null ? UNTOLD : number(line.split("\\s+", 2)[0], KIBI);
  }

  /** True if a filter of system calls is on this process, as containers have it. */
  boolean isFiltered() {
    String mode = line("proc/self/status", SECCOMP);
    return mode != null && !mode.equals("0");
  }

  /** What follows {@code start} in the line that begins so; null if there is none. */
  @Nullable String line(String file, String start) {
    String text = text(file);
    return text == null
        ? null
        : text.lines()
            .filter(line -> line.startsWith(start))
            .map(line -> line.substring(start.length()).strip())
            .findFirst()
            .orElse(null);
  }

  static long number(String digits, int unit) {
    if (!digits.matches("[0-9]+")) {
      return digits.equals("unlimited") || digits.equals("max") ? Long.MAX_VALUE : UNTOLD;
    }
    boolean fits = digits.length() < 16;
    return fits ? Long.parseLong(digits) * unit : Long.MAX_VALUE;
  }
}
