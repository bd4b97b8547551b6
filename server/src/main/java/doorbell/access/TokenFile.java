package doorbell.access;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.access.Setter.Quotas;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

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

  /** A file that the process's own user owns. */
  private static final Path SELF = Path.of("/proc/self");

  private static final String UID = "unix:uid";

  /** A line of the file. */
  record Line(String name, Credential token, Quotas quotas) {}

  /** The text, if nobody but the node may read the file, and nobody else write it. */
  String text() throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException("it is no file, which can be read again");
    }
    try (InputStream in = Files.newInputStream(path)) {
      if (isOpenToOthers()) {
        throw new IOException("others can read or change it; chmod 600 makes it the owner's alone");
      }
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException("it has more than " + (MOST_BYTES >> 10) + " kilobytes");
      }
      return new String(bytes, ISO_8859_1);
    }
  }

  private boolean isOpenToOthers() throws IOException {
    try {
      boolean ofRoot = Files.getAttribute(path, UID).equals(0);
      boolean isRoot = Files.exists(SELF) && Files.getAttribute(SELF, UID).equals(0);
      return isOpenToOthers(Files.getPosixFilePermissions(path), ofRoot && !isRoot);
    } catch (UnsupportedOperationException e) {
      return false; // This file system knows no such rights.
    }
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
