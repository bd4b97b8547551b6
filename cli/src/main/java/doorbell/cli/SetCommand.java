package doorbell.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.options.SetToken;
import doorbell.cli.run.ExitCode;
import doorbell.client.Doorbell;
import doorbell.client.EventId;
import doorbell.client.SealedId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** The command that sets an event. */
final class SetCommand {
  private static final Option<String> KEY =
      Option.of(
          "key",
          OptionType.text("KEY"),
          "The key, where the id is sealed; - reads it from standard input. Other users of the"
              + " machine see it in the list of processes otherwise.");

  private static final Option<String> KEY_FILE =
      Option.of(
          "key-file", OptionType.text("FILE"), "A file with the key, where the id is sealed.");

  private static final Option<Duration> SPREAD =
      Option.of("spread", OptionType.TIME, "Wakes those who wait evenly over this time.").or("0s");

  private static final int SEALED_LENGTH = 64;

  /** A key is shorter than this, with any space around. */
  private static final int MOST_BYTES = 65_536;

  static final Command COMMAND =
      new Command(
          "set",
          "Sets an event, and says whether this call did or it was set already. A node remembers a"
              + " set for 24 hours, or what it was told.",
          EventAddress.EVENT,
          List.of(EventAddress.NODE, KEY, KEY_FILE, SetToken.FILE, SPREAD),
          SetCommand::run);

  private SetCommand() {}

  private static int run(Arguments given)
      throws ExecutionException, InterruptedException, IOException {
    try (EventAddress place = new EventAddress(given)) {
      EventId id = place.id();
      String key = key(given);
      Duration spread = given.get(SPREAD);
      if (key == null && id.text().length() == SEALED_LENGTH) {
        throw new IllegalArgumentException("a sealed id: give its key with --key-file or --key");
      }
      SealedId sealed = key == null ? null : new SealedId(id, key);
      String token = SetToken.of(given);
      Doorbell client = place.client().withSpread(spread);
      client = token == null ? client : client.withToken(token);
      boolean first = (sealed == null ? client.set(id) : client.set(sealed)).get();
      System.out.println(first ? "set" : "set already");
      return ExitCode.WELL;
    }
  }

  private static @Nullable String key(Arguments given) throws IOException {
    String key = given.find(KEY);
    String file = given.find(KEY_FILE);
    if (key != null && file != null) {
      throw given.misuse("--key and --key-file don't go together: give one");
    }
    if (file == null && !"-".equals(key)) {
      return key;
    }
    String name = file == null || file.equals("-") ? "standard input" : file;
    try (InputStream in = name.equals(file) ? Files.newInputStream(Path.of(file)) : System.in) {
      String read = new String(in.readNBytes(MOST_BYTES), ISO_8859_1).strip();
      if (read.isEmpty()) {
        throw new IllegalArgumentException("there is no key in " + name);
      }
      return read;
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no file " + file, e);
    } catch (IOException e) {
      throw new IllegalArgumentException("can't read the key from " + name + ": " + e, e);
    }
  }
}
