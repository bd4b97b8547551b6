package doorbell.client;

import static java.lang.System.Logger.Level.WARNING;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The failure of a request: no answer that counts.
 *
 * @param kind said once for each node, in a few words
 * @param mayPass true if a retry may fare better
 * @param retryAfter the time that the node asks for, or zero
 */
record Failure(String kind, boolean mayPass, Throwable error, Duration retryAfter) {
  private static final System.Logger LOG = System.getLogger("doorbell.client");

  private static final String HTTP = "HTTP/1.";
  private static final Pattern STATUS_LINE =
      Pattern.compile("(?s)receiving \\[(.*)], parser state \\[STATUS_LINE");
  private static final Pattern NO_CHUNK =
      Pattern.compile("invalid chunk|in chunk size|chunk size .*(too|invalid)");

  /**
   * A limit of failures that are remembered as told, so that memory stays small whatever is asked.
   */
  private static final int MOST_TOLD = 1_000;

  private static final Set<String> TOLD = ConcurrentHashMap.newKeySet();

  /** A failure without an answer: the connection failed, or our own alarm hung up. */
  static Failure ofNoAnswer(String node, @Nullable Throwable error) {
    if (error == null || error instanceof CancellationException) {
      return passing("is silent", new IOException(node + " is silent."));
    }
    if (find(error, UnresolvedAddressException.class) || find(error, UnknownHostException.class)) {
      return passing("has an unknown name", told(node + " has an unknown name", error));
    }
    if (isOfTls(error)) {
      return lasting("TLS", node + " is not trusted or speaks no TLS: " + message(error), error);
    }
    if (isNoHttp(error)) {
      return lasting("no HTTP", node + " is not a Doorbell node: " + message(error), error);
    }
    if (find(error, ConnectException.class)) {
      return passing("takes no connection", told("Nobody answers at " + node, error));
    }
    return error instanceof IOException
        ? passing("fails", told(node + " fails: " + message(error), error))
        : new Failure("fails", false, error, Duration.ZERO);
  }

  /** An answer that is not a node's, or a refusal. */
  static Failure of(Answer answer) {
    String coding = answer.coding();
    if (answer.isPassing()) {
      String kind = "answers " + answer.status();
      return new Failure(kind, true, answer.refusal(), answer.retryAfter());
    }
    if (!answer.isSuccess()) {
      return new Failure("refuses", false, answer.refusal(), Duration.ZERO);
    }
    return new Failure(
        "no node",
        false,
        coding.isEmpty() ? answer.nonsense() : answer.nonsense("its Content-Encoding is " + coding),
        Duration.ZERO);
  }

  /** Tells the log in one line, the first time that this failure happens at that node. */
  void tell(String node) {
    if (TOLD.size() < MOST_TOLD && TOLD.add(node + " " + kind)) {
      LOG.log(WARNING, "{0}: {1} (trying again; said once)", node, message(error));
    }
  }

  private static Failure passing(String kind, Throwable error) {
    return new Failure(kind, true, error, Duration.ZERO);
  }

  private static Failure lasting(String kind, String sentence, Throwable error) {
    return new Failure(kind, false, new DoorbellException(0, sentence, error), Duration.ZERO);
  }

  private static IOException told(String sentence, Throwable error) {
    return new IOException(sentence + ".", error);
  }

  /** A handshake that was cut off doesn't count: the node may be restarting. */
  private static boolean isOfTls(Throwable error) {
    return find(error, SSLException.class)
        && !find(error, EOFException.class)
        && !find(error, SocketException.class)
        && !message(error).contains("terminated the handshake")
        && !message(error).contains("close_notify");
  }

  /**
   * An answer that is no HTTP. For most such answers, only the words of the JDK's message say so.
   */
  private static boolean isNoHttp(Throwable error) {
    Matcher status = STATUS_LINE.matcher(message(error));
    return find(error, ProtocolException.class)
        || find(error, NumberFormatException.class) // of a length
        || NO_CHUNK.matcher(message(error)).find()
        || (status.find()
            && !HTTP.startsWith(status.group(1))
            && !status.group(1).startsWith(HTTP));
  }

  private static boolean find(Throwable error, Class<? extends Throwable> kind) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (kind.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  /** The error's message, without the names of classes. */
  private static String message(Throwable error) {
    String message = error.getMessage();
    return message == null
        ? error.getClass().getSimpleName()
        : message.replaceAll("[\\w.$]+Exception: ", "");
  }
}
