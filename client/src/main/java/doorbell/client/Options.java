package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Options that a caller may choose, and every limit of the client with the reason. */
record Options(
    HttpClient http,
    Duration hold,
    Duration patience,
    Duration spread,
    @Nullable SecretKey secret,
    @Nullable Token token,
    @Nullable NodeUrl readers,
    Set<String> origins) {
  /** Proxies cut a silent connection at 30 s or later. */
  static final Duration HOLD = Duration.ofSeconds(25);

  /** A shorter hold would be polling. */
  static final Duration SHORTEST_HOLD = Duration.ofSeconds(1);

  /** A node parks no wait for longer by default. */
  static final Duration LONGEST_HOLD = Duration.ofHours(1);

  /** A visitor waits for the set. */
  static final Duration PATIENCE = Duration.ofSeconds(1);

  static final Duration LONGEST_PATIENCE = Duration.ofDays(1);

  /** Silence after the hold: a node that is silent for longer is gone. */
  static final Duration ANSWER = Duration.ofSeconds(10);

  /** The node's "not yet" may come so late to a wait that has a timeout. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** The hold for one among several nodes that a wait hasn't heard yet: does the node hang? */
  static final Duration FIRST_HOLD = Duration.ofSeconds(1);

  /** "Not yet" within this time is a node that goes away; asking at once would hammer it. */
  static final Duration SOON = Duration.ofSeconds(1);

  /** A crowd that a restart cut off comes back over this time at least. */
  static final Duration FIRST_PAUSE = Duration.ofSeconds(1);

  /**
   * Pauses of a set take at most this fraction of the patience, so that a set has several tries.
   */
  static final int TRIES = 5;

  static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /** Nobody sends a client away for good by a slip of the keyboard. */
  static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);

  /** An application is asked again after this time, whatever the event does. */
  static final Duration LOOK = Duration.ofMinutes(5);

  /** The timeout for an application if the request has no timeout. */
  static final Duration APPLICATION = Duration.ofSeconds(60);

  static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

  static final Duration NO_LIMIT = ChronoUnit.FOREVER.getDuration();

  /** A node refuses a longer spread. */
  static final Duration LONGEST_SPREAD = Duration.ofHours(1);

  /** A node refuses more ids in one wait. */
  static final int IDS = 64;

  /** A node refuses more lines in one request. */
  static final int LINES = 10_000;

  /** A node's answers are far shorter; a longer answer isn't from a node. */
  static final int ANSWER_BYTES = 65_536;

  /**
   * Options with the shared HttpClient; in a class apart, so that a caller with another HttpClient
   * doesn't have two.
   */
  private static final class Usual {
    static final Options OPTIONS =
        through(
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(ANSWER)
                .build());
  }

  /** A token that a node wants of who sets. No text of this object shows it. */
  static final class Token {
    /** The letters of a token: RFC 6750, 2.1. Others would end a header line. */
    private static final Pattern LETTERS = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private final String text;

    Token(String text) {
      if (!LETTERS.matcher(text).matches()) {
        throw new IllegalArgumentException("A token has letters, digits and . _ ~ + / - alone.");
      }
      this.text = text;
    }

    /** The value of the header Authorization. */
    String authorization() {
      return "Bearer " + text;
    }
  }

  Options {
    if (http.followRedirects() != HttpClient.Redirect.NEVER) {
      throw new IllegalArgumentException(
          "The HttpClient must not follow redirects: a redirected POST becomes a GET.");
    }
    check("hold", hold, SHORTEST_HOLD, LONGEST_HOLD);
    check("patience", patience, Duration.ZERO, LONGEST_PATIENCE);
    check("spread", spread, Duration.ZERO, LONGEST_SPREAD);
  }

  static Options usual() {
    return Usual.OPTIONS;
  }

  static Options through(HttpClient http) {
    return new Options(http, HOLD, PATIENCE, Duration.ZERO, null, null, null, Set.of());
  }

  Options withHttp(HttpClient other) {
    return new Options(other, hold, patience, spread, secret, token, readers, origins);
  }

  Options withHold(Duration other) {
    return new Options(http, other, patience, spread, secret, token, readers, origins);
  }

  Options withPatience(Duration other) {
    return new Options(http, hold, other, spread, secret, token, readers, origins);
  }

  Options withSpread(Duration other) {
    return new Options(http, hold, patience, other, secret, token, readers, origins);
  }

  Options withSecret(SecretKey other) {
    return new Options(http, hold, patience, spread, other, token, readers, origins);
  }

  Options withToken(Token other) {
    return new Options(http, hold, patience, spread, secret, other, readers, origins);
  }

  Options withReaders(NodeUrl other) {
    return new Options(http, hold, patience, spread, secret, token, other, origins);
  }

  Options withOrigins(Set<String> other) {
    return new Options(http, hold, patience, spread, secret, token, readers, other);
  }

  static Duration timeout(Duration timeout) {
    check("timeout", timeout, Duration.ZERO, LONGEST_TIMEOUT);
    return timeout;
  }

  static SecretKey secret(String secret) {
    if (secret.isEmpty()) {
      throw new IllegalArgumentException("The secret is not empty.");
    }
    return new SecretKeySpec(secret.getBytes(UTF_8), Topic.ALGORITHM);
  }

  /** Seconds as a text: {@code 0.2}. */
  static String seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString();
  }

  private static void check(String name, Duration value, Duration least, Duration most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "The "
              + name
              + " is from "
              + seconds(least)
              + " s to "
              + seconds(most)
              + " s, not "
              + seconds(value)
              + " s.");
    }
  }
}
