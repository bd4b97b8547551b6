package doorbell.access;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.access.Setter.Quotas;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The file of named tokens: lines of {@code NAME TOKEN}, with quotas behind if there are any, and
 * comments, which begin with {@code #}. An error names a line and never its words, since any of
 * them may be a token.
 */
record TokenFile(Path path) {
  /** Each set is compared with all tokens, 20 ns each. */
  static final int MOST_LINES = 256;

  /** 16 characters that are picked at random can't be tried out. */
  static final int SHORTEST = 16;

  private static final int LONGEST = 256;
  private static final int MOST_BYTES = 1 << 18;
  private static final Pattern NAMES = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** The letters of a token: RFC 6750, 2.1. */
  private static final Pattern TOKENS = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

  private static final Pattern OPTIONS = Pattern.compile("(sets-per-second|sets)=([0-9]{1,9})");
  private static final Set<PosixFilePermission> OTHERS =
      EnumSet.range(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_EXECUTE);

  /** What the kernel says of this process: its user, and the files that it has open. */
  private static final Path STATUS = Path.of("/proc/self/status");

  private static final Path OPEN_FILES = Path.of("/proc/self/fd");
  private static final Pattern USER = Pattern.compile("(?m)^Uid:\\s+\\d+\\s+(\\d+)");
  private static final String UID = "unix:uid";
  private static final int ROOT = 0;

  /** A line of the file. */
  record Line(String name, Credential token, Quotas quotas) {}

  /**
   * The text, if nobody but the node may read the file, and nobody else write it. Of a text other
   * than {@code known} the file that is open is looked at too: its name may be another's by now.
   */
  String text(@Nullable Credential known) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException("it is no file, which can be read again");
    }
    try (InputStream in = Files.newInputStream(path)) {
      check(path);
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("it has more than " + (MOST_BYTES >> 10) + " kilobytes");
      }
      String text = new String(bytes, ISO_8859_1);
      if (known == null || !Credential.ofToken(text).isSame(known)) {
        check(opened(path.toRealPath()));
      }
      return text;
    }
  }

  /** The file that this process has open by a name, not what the name may mean by now. */
  static Path opened(Path real) throws IOException {
    if (!Files.isDirectory(OPEN_FILES)) {
      return real;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(OPEN_FILES)) {
      for (Path file : files) {
        if (real.equals(target(file))) {
          return file;
        }
      }
    }
    throw new IOException("it was replaced while it was read");
  }

  private static @Nullable Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException e) {
      return null; // Another thread has closed its file.
    }
  }

  private static void check(Path file) throws IOException {
    try {
      int owner = (Integer) Files.getAttribute(file, UID);
      int own = Files.exists(STATUS) ? user(Files.readString(STATUS)) : owner;
      if (isAnothers(owner, own)) {
        throw new IOException("another user owns it; chown makes it the node's, or root's");
      }
      boolean isGivenByRoot = owner == ROOT && own != ROOT;
      if (isOpenToOthers(Files.getPosixFilePermissions(file), isGivenByRoot)) {
        throw new IOException("others can read or change it; chmod 600 makes it the owner's alone");
      }
    } catch (UnsupportedOperationException e) {
      // This file system knows no such rights.
    }
  }

  /** The user that a process acts as, by its status; root, the strictest, if that names none. */
  static int user(String status) {
    Matcher user = USER.matcher(status);
    return user.find() ? Integer.parseUnsignedInt(user.group(1)) : ROOT;
  }

  /** True if {@code owner}, who may change a file and its rights, is neither the node nor root. */
  static boolean isAnothers(int owner, int own) {
    return owner != own && owner != ROOT;
  }

  /**
   * True if others than the node may do anything with a file of such rights. Root gives a file to
   * the node by its group, as service managers do: PostgreSQL has the same rule for its keys.
   */
  static boolean isOpenToOthers(Set<PosixFilePermission> rights, boolean isGivenByRoot) {
    return rights.stream()
        .filter(right -> !(isGivenByRoot && right == PosixFilePermission.GROUP_READ))
        .anyMatch(OTHERS::contains);
  }

  /** The lines of {@code text}; throws an exception with a part of a sentence. */
  static List<Line> parse(String text) {
    List<Line> lines = new ArrayList<>();
    Map<String, Quotas> known = new HashMap<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String stripped = line.strip();
      if (stripped.isEmpty() || stripped.charAt(0) == '#') {
        continue;
      }
      try {
        Line next = line(stripped.split("\\s+"));
        check(next, lines, known);
        lines.add(next);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line " + number + ": " + e.getMessage(), e);
      }
    }
    if (lines.isEmpty()) {
      throw new IllegalArgumentException("it has no line NAME TOKEN");
    }
    return lines;
  }

  private static void check(Line next, List<Line> lines, Map<String, Quotas> known) {
    if (lines.size() == MOST_LINES) {
      throw new IllegalArgumentException("at most " + MOST_LINES + " tokens");
    }
    if (lines.stream().anyMatch(line -> line.token.isSame(next.token))) {
      throw new IllegalArgumentException("its token stands in a line before");
    }
    Quotas before = known.putIfAbsent(next.name, next.quotas);
    if (before != null && !before.equals(next.quotas)) {
      throw new IllegalArgumentException("a line before has other quotas for the same name");
    }
  }

  private static Line line(String[] words) {
    if (words.length < 2 || !NAMES.matcher(words[0]).matches()) {
      throw new IllegalArgumentException(
          "a line is NAME TOKEN, the name 1 to 64 of A-Z a-z 0-9 . _ -");
    }
    int length = words[1].length();
    if (length < SHORTEST || length > LONGEST || !TOKENS.matcher(words[1]).matches()) {
      throw new IllegalArgumentException(
          "a token is %s to %s characters of A-Z a-z 0-9 . _ ~ + / -, picked at random"
              .formatted(SHORTEST, LONGEST));
    }
    Map<String, Integer> options = new HashMap<>();
    for (int i = 2; i < words.length; i++) {
      var option = OPTIONS.matcher(words[i]);
      int value = option.matches() ? Integer.parseInt(option.group(2)) : 0;
      if (value == 0 || options.put(option.group(1), value) != null) {
        throw new IllegalArgumentException(
            "behind NAME TOKEN stand sets-per-second=N and sets=N, each once, N from 1 on");
      }
    }
    return new Line(
        words[0],
        Credential.ofToken(words[1]),
        new Quotas(options.getOrDefault("sets-per-second", 0), options.getOrDefault("sets", 0)));
  }
}
