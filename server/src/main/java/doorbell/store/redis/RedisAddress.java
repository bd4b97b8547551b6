package doorbell.store.redis;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a Redis is, and who asks it.
 *
 * @param user the name of the user; null for Redis's default user
 * @param password null if none is asked for, or it stands elsewhere
 */
public record RedisAddress(
    String host, int port, int database, @Nullable String user, @Nullable String password) {
  /** How the text of a Redis begins. */
  public static final String SCHEME = "redis://";

  private static final int USUAL_PORT = 6_379;
  private static final int MOST_PORT = 65_535;
  private static final Pattern DATABASES = Pattern.compile("|/|/[0-9]{1,5}");

  /** What stands between the slashes: who asks, up to the last @, a host or [IPv6], and a port. */
  private static final Pattern AUTHORITIES =
      Pattern.compile("(?:(.*)@)?([A-Za-z0-9._-]+|\\[[^\\[\\]@]+])(?::([0-9]{0,5}))?");

  private static final String FORM =
      "a Redis is written redis://[USER:PASSWORD@]HOST:PORT/DATABASE, several with commas; ";

  /**
   * Reads one address, or several with commas between them.
   *
   * @throws IllegalArgumentException with one sentence that doesn't repeat a password
   */
  public static List<RedisAddress> parseAll(String text) {
    List<RedisAddress> all = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      RedisAddress address = parse(one.strip());
      if (all.stream().anyMatch(address::isSameServer)) {
        throw new IllegalArgumentException(
            FORM + address + " is named twice, and would have two votes");
      }
      all.add(address);
    }
    if (all.size() % 2 == 0) {
      throw new IllegalArgumentException(
          FORM
              + "name 1, 3 or 5 of them: a set needs a majority, so with "
              + all.size()
              + " no more may fail than with one less");
    }
    return List.copyOf(all);
  }

  private static RedisAddress parse(String text) {
    if (!text.startsWith(SCHEME)) {
      throw new IllegalArgumentException(FORM + "one of them doesn't begin with " + SCHEME);
    }
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      // The exception repeats the text, which may have a password.
      throw new IllegalArgumentException(
          FORM + "a character of one is to be written as %XX, with its two hex digits");
    }
    boolean hasMore = url.getRawQuery() != null || url.getRawFragment() != null;
    // Not getHost(), which knows no name with an underscore, as containers have.
    Matcher parts = AUTHORITIES.matcher(String.valueOf(url.getAuthority()));
    if (url.getAuthority() == null
        || hasMore
        || !parts.matches()
        || !DATABASES.matcher(url.getRawPath()).matches()) {
      throw new IllegalArgumentException(FORM + "one of them is none");
    }
    String path = url.getRawPath();
    int database = path.length() < 2 ? 0 : Integer.parseInt(path.substring(1));
    return ofUser(parts.group(1), requireNonNull(parts.group(2)), port(parts.group(3)), database);
  }

  private static int port(@Nullable String digits) {
    int port = digits == null || digits.isEmpty() ? USUAL_PORT : Integer.parseInt(digits);
    if (port == 0 || port > MOST_PORT) {
      throw new IllegalArgumentException(FORM + port + " is not a port");
    }
    return port;
  }

  private static RedisAddress ofUser(@Nullable String info, String host, int port, int database) {
    int colon = info == null ? -1 : info.indexOf(':');
    String user = info == null || colon == 0 ? null : colon < 0 ? info : info.substring(0, colon);
    String password = info == null || colon < 0 ? null : info.substring(colon + 1);
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    return new RedisAddress(bare, port, database, user, password);
  }

  /** The same address with a password; the user stays. */
  public RedisAddress with(String secret) {
    return new RedisAddress(host, port, database, user, secret);
  }

  /** Refuses a user without a password, which Redis has no word for. */
  public RedisAddress complete() {
    if (user != null && password == null) {
      throw new IllegalArgumentException(
          FORM + "give a user's password by --store-password-file, or as USER:PASSWORD");
    }
    return this;
  }

  /** The same address with another name of its host. */
  RedisAddress at(String name) {
    return new RedisAddress(name, port, database, user, password);
  }

  private boolean isSameServer(RedisAddress other) {
    return host.equalsIgnoreCase(other.host) && port == other.port;
  }

  /** Host and port alone: a password is nobody's business. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
