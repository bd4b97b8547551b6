package doorbell.cli.options;

import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.Option;
import doorbell.OptionType;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * The file of {@code --config}: a line for each option, {@code NAME=VALUE}, and comments, which are
 * lines that begin with {@code #}. White space around names and values counts for nothing; quotes
 * around a value are left out. A line with two possible meanings is refused, by number: a node on
 * another store than the intended store would seem to have lost all sets.
 *
 * @param options those that the file may name, but for the one that names the file
 */
public record ConfigFile(Path path, Collection<Option<?>> options) {
  /** The option that names the file. */
  public static final Option<Path> OPTION =
      Option.of("config", OptionType.FILE, "A file with a line for each option: max-wait=1h.");

  /**
   * The option values by the names without dashes; empty values are left out.
   *
   * @throws IllegalArgumentException with one sentence
   */
  Map<String, String> read() {
    Map<String, String> values = new HashMap<>();
    Map<String, Integer> lines = new HashMap<>();
    int number = 0;
    for (String line : text().lines().toList()) {
      number++;
      String stripped = strip(line);
      if (stripped.isEmpty() || stripped.charAt(0) == '#') {
        continue;
      }
      int equals = stripped.indexOf('=');
      if (equals < 0) {
        throw wrong(number, "'" + stripped + "' is no NAME=VALUE");
      }
      String name = strip(stripped.substring(0, equals));
      checkName(number, name);
      Integer before = lines.put(name, number);
      if (before != null) {
        throw wrong(number, "'" + name + "' stands in line " + before + " too");
      }
      String value = value(number, strip(stripped.substring(equals + 1)));
      if (!value.isEmpty()) {
        values.put(name, value);
      }
    }
    return values;
  }

  private String text() {
    try {
      String text = Files.readString(path, UTF_8);
      if (text.indexOf('\0') >= 0) { // UTF-16
        throw new CharacterCodingException();
      }
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "the configuration " + path + " isn't in UTF-8; save it so", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "can't read the configuration " + path + "; check its name and rights", e);
    }
  }

  private void checkName(int line, String name) {
    TreeSet<String> known = new TreeSet<>();
    options.forEach(option -> known.add(option.name()));
    known.remove(OPTION.name());
    if (!known.contains(name)) {
      String meant = Guess.of(name, known);
      throw wrong(
          line,
          "'"
              + name
              + "' is no option; "
              + (meant == null
                  ? "there are " + String.join(", ", known)
                  : "did you mean '" + meant + "'?"));
    }
  }

  private String value(int line, String text) {
    char first = text.isEmpty() ? 0 : text.charAt(0);
    if (first == '"' || first == '\'') {
      if (text.length() < 2 || text.indexOf(first, 1) != text.length() - 1) {
        throw wrong(line, "a value that begins with a quote ends with the same one");
      }
      return text.substring(1, text.length() - 1);
    }
    if (text.matches(".*\\s(#|;|//).*")) {
      throw wrong(
          line,
          "a comment has a line of its own and begins with #; a value with #, ; or // behind a"
              + " space stands in quotes");
    }
    if (text.endsWith("\\")) {
      throw wrong(line, "a value doesn't go on in the next line");
    }
    return text;
  }

  private IllegalArgumentException wrong(int line, String why) {
    return new IllegalArgumentException(path + ", line " + line + ": " + why);
  }

  /** The text without characters on either side that look like a space, or like nothing. */
  static String strip(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (from < to && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c)
        || Character.isSpaceChar(c)
        || Character.isISOControl(c)
        || Character.getType(c) == Character.FORMAT;
  }
}
