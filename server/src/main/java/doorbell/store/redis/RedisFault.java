package doorbell.store.redis;

import doorbell.event.StoreException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What is wrong with a Redis, in one sentence that says what to do. */
final class RedisFault {
  private static final Pattern CODES =
      Pattern.compile(
          "\\b(?:READONLY|NOREPLICAS|MASTERDOWN|OOM|LOADING|NOPERM|NOAUTH|WRONGPASS) .*");

  /** Where in a script something failed, as Redis 7 says it. */
  private static final Pattern PLACE = Pattern.compile(" script: \\w+, on @?user_script.*");

  private static final Pattern NO_RIGHT =
      Pattern.compile("The user executing the script can't|ACL failure in script");

  private RedisFault() {}

  /** True if the server has answered, with an error. */
  static boolean isAnswer(Throwable failure) {
    return answer(failure) != null;
  }

  /** True if the server copies another, and takes no sets. */
  private static boolean isCopy(String answer) {
    return answer.startsWith("READONLY") || answer.startsWith("MASTERDOWN");
  }

  /** True if another server is the one that takes sets by now. */
  static boolean isCopy(Throwable failure) {
    String answer = answer(failure);
    return answer != null && isCopy(answer);
  }

  /** True if the server lacks its copies, or is cut off from them and was replaced. */
  static boolean isAlone(Throwable failure) {
    String answer = answer(failure);
    return answer != null && answer.startsWith("NOREPLICAS");
  }

  /** The failure of a start that no waiting helps; null if the server may be there later. */
  static @Nullable StoreException refusal(RedisAddress at, Throwable failure) {
    String answer = answer(failure);
    if (answer == null) {
      return null;
    }
    String lack = answer.toUpperCase(Locale.ROOT);
    String what =
        lack.startsWith("NOAUTH")
            ? " asks for a password; give --store-password-file" + ofSentinels(at)
            : isPassword(lack)
                ? " refuses the password; correct --store-password-file, and the user in --store"
                    + ofSentinels(at)
                : lack.startsWith("NOPERM")
                    ? " lets this user do too little (" + answer + "); docs/redis.md has the rights"
                    : lack.contains("DB INDEX")
                        ? " has no database " + at.database() + "; correct the number in --store"
                        : null;
    return what == null ? null : new StoreException("the Redis at " + at + what, failure);
  }

  private static String ofSentinels(RedisAddress at) {
    return at.watch() == null ? "" : ", or sentinelpasswordfile there if a Sentinel does";
  }

  private static boolean isPassword(String lack) {
    return lack.startsWith("WRONGPASS")
        || lack.startsWith("ERR AUTH")
        || lack.contains("INVALID PASSWORD");
  }

  static String sentence(RedisAddress at, Throwable failure) {
    String answer = answer(failure);
    String name = "the Redis at " + at;
    if (answer == null) {
      return name + " can't be reached (" + reason(failure) + "); start it, or correct --store";
    }
    if (at.watch() != null && (isCopy(answer) || isAlone(failure))) {
      return name + " takes no sets (" + answer + "); its Sentinels are asked again";
    }
    if (isCopy(answer)) {
      return name + " is a copy that takes no sets; name the server that it copies in --store";
    }
    if (answer.startsWith("LOADING")) {
      return name + " reads its sets from the disk; it will answer by itself";
    }
    return answer.startsWith("OOM")
        ? name + " has no memory for sets; give it more by maxmemory, or remember for less time"
        : name + " answers an error: " + answer;
  }

  private static String fromCode(String text) {
    Matcher code = CODES.matcher(text);
    return code.find() ? code.group() : NO_RIGHT.matcher(text).find() ? "NOPERM " + text : text;
  }

  /** What failed, without the name of a server. */
  static String reason(Throwable failure) {
    String answer = answer(failure);
    if (answer != null) {
      return answer;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case ConnectException refused when refused.getCause() == null -> {
          return "connection refused";
        }
        case UnknownHostException _ -> {
          return "its host is unknown here";
        }
        case RedisCommandTimeoutException _ -> {
          return "no answer in " + RedisLink.TIMEOUT.toSeconds() + " s";
        }
        case TimeoutException _ -> {
          return "no answer in time";
        }
        case SSLException untrusted -> {
          return "TLS: " + untrusted.getMessage();
        }
        case StoreException told -> {
          return String.valueOf(told.getMessage());
        }
        default -> {}
      }
    }
    return "no connection";
  }

  /**
   * The text of the server's error, which begins with its code; null if the failure is none. What
   * fails in a script has its code within a text about the script before Redis 7, and a right that
   * lacks there has none.
   */
  private static @Nullable String answer(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RedisCommandExecutionException) {
        return fromCode(PLACE.matcher(String.valueOf(cause.getMessage()).strip()).replaceAll(""));
      }
    }
    return null;
  }
}
