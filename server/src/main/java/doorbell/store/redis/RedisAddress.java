package doorbell.store.redis;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a Redis is, and who asks it.
 *
 * @param host the host of the Redis, or of the first Sentinel that knows it
 * @param user the name of the user; null for Redis's default user
 * @param password null if none is asked for, or it stands elsewhere
 * @param tls how the server is known, for one that is spoken to over TLS; null for another
 * @param watch the Sentinels that say which server takes sets; null for a server that is named
 */
public record RedisAddress(
    String host,
    int port,
    int database,
    @Nullable String user,
    @Nullable String password,
    @Nullable Tls tls,
    @Nullable Watch watch) {
  /** How the text of a Redis begins. */
  public static final String SCHEME = "redis://";

  /** The same, over TLS. */
  public static final String TLS_SCHEME = "rediss://";

  /** The same, where Sentinels know the server. */
  public static final String SENTINEL_SCHEME = "redis-sentinel://";

  private static final int USUAL_PORT = 6_379;
  private static final int USUAL_SENTINEL_PORT = 26_379;
  private static final int MOST_PORT = 65_535;
  private static final Pattern DATABASES = Pattern.compile("|/|/[0-9]{1,5}");

  /** What stands between the slashes: who asks, up to the last @, and hosts or [IPv6] and ports. */
  private static final Pattern AUTHORITIES = Pattern.compile("(?:(.*)@)?([^@]+)");

  private static final Pattern HOSTS =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[^\\[\\]@]+])(?::([0-9]{0,5}))?");

  private static final String ROOTS = "sslrootcert=";

  /** What stands behind the ? for Sentinels. */
  private static final Pattern WATCHES =
      Pattern.compile("master=([A-Za-z0-9._-]+)(?:&sentinelpasswordfile=([^&]+))?");

  private static final String FORM =
      "a Redis is written redis://[USER:PASSWORD@]HOST:PORT/DATABASE, several with commas; ";

  /**
   * What certificates a server is known by.
   *
   * @param roots a file of those who may have signed it; null for those whom Java trusts
   */
  public record Tls(@Nullable String roots) {}

  /**
   * Who knows the server that takes sets.
   *
   * @param master the name that they have for it
   * @param sentinels where they are, in the order in which they are asked
   * @param passwordFile has the password that they ask for; null if they ask for none
   * @param password the same, once it was read
   */
  public record Watch(
      String master,
      List<HostPort> sentinels,
      @Nullable String passwordFile,
      @Nullable String password) {
    /** The name alone: a password is nobody's business. */
    @Override
    public String toString() {
      return master;
    }
  }

  /** A server, by host and port. */
  public record HostPort(String host, int port) {
    @Override
    public String toString() {
      return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
  }

  /** A Redis that is named, without TLS. */
  RedisAddress(
      String host, int port, int database, @Nullable String user, @Nullable String password) {
    this(host, port, database, user, password, null, null);
  }

  /**
   * Reads one address, or several with commas between them.
   *
   * @throws IllegalArgumentException with one sentence that doesn't repeat a password
   */
  public static List<RedisAddress> parseAll(String text) {
    if (text.startsWith(SENTINEL_SCHEME)) { // Its commas are those between Sentinels.
      return List.of(parse(text));
    }
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
    if (!text.startsWith(SCHEME)
        && !text.startsWith(TLS_SCHEME)
        && !text.startsWith(SENTINEL_SCHEME)) {
      throw new IllegalArgumentException(
          FORM + "one of them doesn't begin with " + SCHEME + " or " + TLS_SCHEME);
    }
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      // The exception repeats the text, which may have a password.
      throw new IllegalArgumentException(
          FORM + "a character of one is to be written as %XX, with its two hex digits");
    }
    // Not getHost(), which knows no name with an underscore, as containers have.
    Matcher parts = AUTHORITIES.matcher(String.valueOf(url.getAuthority()));
    if (url.getAuthority() == null
        || url.getRawFragment() != null
        || !parts.matches()
        || !DATABASES.matcher(url.getRawPath()).matches()) {
      throw new IllegalArgumentException(FORM + "one of them is none");
    }
    boolean isWatched = text.startsWith(SENTINEL_SCHEME);
    List<HostPort> hosts = hosts(requireNonNull(parts.group(2)), isWatched);
    String path = url.getRawPath();
    int database = path.length() < 2 ? 0 : Integer.parseInt(path.substring(1));
    return ofUser(parts.group(1), hosts.getFirst(), database)
        .by(tls(text, url.getQuery()), isWatched ? watch(url.getQuery(), hosts) : null);
  }

  private static List<HostPort> hosts(String text, boolean maySeveral) {
    List<HostPort> hosts = new ArrayList<>();
    for (String one : text.split(",", -1)) {
      Matcher parts = HOSTS.matcher(one);
      if (!parts.matches() || (!hosts.isEmpty() && !maySeveral)) {
        throw new IllegalArgumentException(FORM + "one of them is none");
      }
      String host = requireNonNull(parts.group(1));
      int port = port(parts.group(2), maySeveral ? USUAL_SENTINEL_PORT : USUAL_PORT);
      hosts.add(
          new HostPort(host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port));
    }
    return List.copyOf(hosts);
  }

  private static int port(@Nullable String digits, int usual) {
    int port = digits == null || digits.isEmpty() ? usual : Integer.parseInt(digits);
    if (port == 0 || port > MOST_PORT) {
      throw new IllegalArgumentException(FORM + port + " is not a port");
    }
    return port;
  }

  private static RedisAddress ofUser(@Nullable String info, HostPort at, int database) {
    int colon = info == null ? -1 : info.indexOf(':');
    String user = info == null || colon == 0 ? null : colon < 0 ? info : info.substring(0, colon);
    String password = info == null || colon < 0 ? null : info.substring(colon + 1);
    return new RedisAddress(at.host, at.port, database, user, password);
  }

  private static @Nullable Tls tls(String text, @Nullable String query) {
    boolean isTls = text.startsWith(TLS_SCHEME);
    String roots =
        query != null && query.startsWith(ROOTS) && query.indexOf('&') < 0
            ? query.substring(ROOTS.length())
            : null;
    if (query != null && !text.startsWith(SENTINEL_SCHEME) && !(isTls && roots != null)) {
      throw new IllegalArgumentException(
          FORM + "behind a ? rediss:// may have sslrootcert=FILE, and nothing else");
    }
    return isTls ? new Tls(roots) : null;
  }

  private static Watch watch(@Nullable String query, List<HostPort> sentinels) {
    Matcher parts = WATCHES.matcher(query == null ? "" : query);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "Sentinels are written redis-sentinel://HOST:PORT,HOST:PORT/DATABASE?master=NAME, with"
              + " the name that they have for the server, and &sentinelpasswordfile=FILE if they"
              + " ask for a password");
    }
    return new Watch(requireNonNull(parts.group(1)), sentinels, parts.group(2), null);
  }

  private RedisAddress by(@Nullable Tls secured, @Nullable Watch watched) {
    return new RedisAddress(host, port, database, user, password, secured, watched);
  }

  /** The same address with a password; the user stays. */
  public RedisAddress with(String secret) {
    return new RedisAddress(host, port, database, user, secret, tls, watch);
  }

  /** The same address with the password of the Sentinels, as {@code read} has it from its file. */
  public RedisAddress withSentinels(Function<Path, String> read) {
    return watch == null || watch.passwordFile == null
        ? this
        : by(
            tls,
            new Watch(
                watch.master,
                watch.sentinels,
                watch.passwordFile,
                read.apply(Path.of(watch.passwordFile))));
  }

  /**
   * The same address, whose Sentinels are asked in another order: the first is {@code turns} on.
   */
  RedisAddress turned(int turns) {
    if (watch == null) {
      return this;
    }
    List<HostPort> order = new ArrayList<>(watch.sentinels);
    Collections.rotate(order, -turns);
    return by(tls, new Watch(watch.master, order, watch.passwordFile, watch.password));
  }

  /** Refuses a user without a password, which Redis has no word for. */
  public RedisAddress complete() {
    if (user != null && password == null) {
      throw new IllegalArgumentException(
          FORM + "give a user's password by --store-password-file, or as USER:PASSWORD");
    }
    return this;
  }

  private boolean isSameServer(RedisAddress other) {
    return host.equalsIgnoreCase(other.host) && port == other.port;
  }

  /** Hosts and ports alone: a password is nobody's business. */
  @Override
  public String toString() {
    return watch == null
        ? new HostPort(host, port).toString()
        : watch.master + " (by the Sentinels at " + list(watch.sentinels) + ")";
  }

  private static String list(List<HostPort> all) {
    return all.stream().map(HostPort::toString).collect(Collectors.joining(", "));
  }
}
