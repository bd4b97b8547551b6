package doorbell.cli.options;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.Option;
import doorbell.OptionType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The token that a command sets by: from a file, or from the environment. No option has the token
 * itself, since the list of processes would show it.
 */
public final class SetToken {
  private static final String VARIABLE = "DOORBELL_TOKEN";
  private static final Pattern LETTERS = Pattern.compile("([A-Za-z0-9._~+/-]+=*)?");
  private static final int MOST_BYTES = 4_096;

  public static final Option<Path> FILE =
      Option.of(
          "token-file",
          OptionType.FILE,
          "A file with the token that the node wants of who sets; "
              + VARIABLE
              + " in the environment may be the token itself.");

  private SetToken() {}

  /**
   * The token; null if none is given.
   *
   * @throws IllegalArgumentException if the file has none, with a sentence
   */
  public static @Nullable String of(Arguments given) {
    Path file = given.find(FILE);
    String token =
        file == null ? ConfigFile.strip(System.getenv().getOrDefault(VARIABLE, "")) : read(file);
    if (!LETTERS.matcher(token).matches()) {
      throw new IllegalArgumentException(
          "what %s has is no token: letters, digits and . _ ~ + / - alone"
              .formatted(file == null ? VARIABLE : file));
    }
    return token.isEmpty() ? null : token;
  }

  private static String read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      String token = new String(in.readNBytes(MOST_BYTES), ISO_8859_1).strip();
      if (token.isEmpty()) {
        throw new IllegalArgumentException("there is no token in " + file);
      }
      return token;
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "can't read the token from " + file + "; check its name and rights", e);
    }
  }
}
