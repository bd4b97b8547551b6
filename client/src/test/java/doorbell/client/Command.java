package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * The client as a command, so that one suite tries all clients against each other.
 *
 * <pre>
 * wait NODE ID[,ID…] [SECONDS]   prints the ids that are set, a line each; 1: not in time
 * set NODE ID [KEY]              prints "first", where this call set it, or "already"
 * setAll NODE                    reads lines "ID" or "ID KEY"; prints how many: SET ALREADY
 * derive SECRET TOPIC VERSION    prints ID KEY
 * </pre>
 *
 * <p>NODE is a URL, or of several nodes that share a store their URLs with commas. A token that the
 * node may want of who sets stands in DOORBELL_TOKEN.
 *
 * <p>An error is 2, with a sentence on stderr. The topic is in UTF-8 where the locale is.
 */
final class Command {
  private static final Logger LOG = Logger.getLogger("doorbell.client");
  private static final int WELL = 0;
  private static final int NOT_IN_TIME = 1;
  private static final int ERROR = 2;
  private static final int SEALED_LENGTH = 64;

  /** For a set: a node restarts in less. A test of failures takes a shorter one. */
  private static final Duration PATIENCE =
      Duration.ofSeconds(Integer.getInteger("doorbell.patience", 30));

  private final List<String> arguments;
  private final InputStream in;
  private final PrintStream out;

  private Command(List<String> arguments, InputStream in, PrintStream out) {
    this.arguments = arguments;
    this.in = in;
    this.out = out;
  }

  public static void main(String[] arguments) {
    LOG.setLevel(Level.OFF); // one sentence is all that may stand on stderr
    System.exit(run(List.of(arguments), System.in, System.out, System.err));
  }

  /** The exit code. */
  static int run(List<String> arguments, InputStream in, PrintStream out, PrintStream err) {
    try {
      new Command(arguments, in, out).run();
      return WELL;
    } catch (TimeoutException e) {
      if (e.getCause() == null) {
        return NOT_IN_TIME; // the node says that it isn't set
      }
      err.println(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
      return ERROR;
    } catch (IllegalArgumentException | DoorbellException | IOException e) {
      err.println(String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
      return ERROR;
    }
  }

  private void run() throws IOException, TimeoutException {
    switch ((arguments.isEmpty() ? "" : arguments.get(0)) + " " + arguments.size()) {
      case "wait 3" -> print(done(node().waitAny(ids())));
      case "wait 4" -> print(done(node().waitAny(ids(), seconds(arguments.get(3)))));
      case "set 3" -> set(arguments.get(2));
      case "set 4" -> set(arguments.get(2) + " " + arguments.get(3));
      case "setAll 2" -> setAll();
      case "derive 4" -> derive();
      default ->
          throw new IllegalArgumentException(
              "Usage: wait NODE ID[,ID…] [SECONDS] | set NODE ID [KEY] | setAll NODE"
                  + " | derive SECRET TOPIC VERSION");
    }
  }

  private void set(String line) throws TimeoutException {
    Object id = parsed(line);
    boolean first =
        done(id instanceof SealedId sealed ? node().set(sealed) : node().set((EventId) id));
    out.println(first ? "first" : "already");
  }

  private void setAll() throws IOException, TimeoutException {
    Doorbell node = node();
    List<EventId> plain = new ArrayList<>();
    List<SealedId> sealed = new ArrayList<>();
    var reader = new BufferedReader(new InputStreamReader(in, UTF_8));
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      if (parsed(line) instanceof SealedId id) {
        sealed.add(id);
      } else {
        plain.add(EventId.of(line.split(" ", 2)[0]));
      }
    }
    SetCount count = done(node.setAll(plain)).plus(done(node.setAllSealed(sealed)));
    out.println(count.set() + " " + count.already());
  }

  private void derive() {
    String version = arguments.get(3);
    if (!version.matches("0|[1-9][0-9]*")) {
      throw new IllegalArgumentException(
          "A version is a decimal number without leading zeros, not \"" + version + "\".");
    }
    Doorbell nowhere = Doorbell.at(URI.create("http://127.0.0.1")).withSecret(arguments.get(1));
    SealedId id = nowhere.topic(arguments.get(2)).at(new BigInteger(version));
    out.println(id.id() + " " + id.key());
  }

  /** {@code ID} or {@code ID KEY}; a key counts only where the id is sealed. */
  private static Object parsed(String line) {
    String[] words = line.split(" ", 2);
    EventId id = EventId.of(words[0]);
    return words.length == 2 && words[0].length() == SEALED_LENGTH
        ? new SealedId(id, words[1])
        : id;
  }

  private Doorbell node() {
    String[] urls = arguments.get(1).split(",(?=https?://)");
    Doorbell node = Doorbell.at(Stream.of(urls).map(URI::create).toList()).withPatience(PATIENCE);
    String token = System.getenv("DOORBELL_TOKEN");
    return token == null || token.isEmpty() ? node : node.withToken(token);
  }

  private List<EventId> ids() {
    return Stream.of(arguments.get(2).split(",", -1)).map(EventId::of).toList();
  }

  private void print(Iterable<EventId> ids) {
    ids.forEach(out::println);
  }

  private static Duration seconds(String text) {
    if (!text.matches("[0-9]{1,9}(\\.[0-9]{1,3})?")) {
      throw new IllegalArgumentException(
          "Seconds are a number like 30 or 0.5, not \"" + text + "\".");
    }
    return Duration.ofMillis(new BigDecimal(text).movePointRight(3).longValueExact());
  }

  private static <T> T done(CompletableFuture<T> future) throws TimeoutException {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof TimeoutException late) {
        throw late;
      }
      throw e.getCause() instanceof DoorbellException failure ? failure : e;
    }
  }
}
