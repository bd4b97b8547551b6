package doorbell.store.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is, and who asks it.
 *
 * @param hosts one HOST:PORT, or several with commas, of which one takes sets and the others copy
 *     it
 * @param database as it stands in the URL
 * @param options pairs of name and value for the driver, as they stand in the URL; may be empty
 * @param user the role; null for the driver's default
 * @param password null if none is asked for, or it stands elsewhere
 */
public record PostgresAddress(
    String hosts,
    String database,
    String options,
    @Nullable String user,
    @Nullable String password) {
  /** How the text of a PostgreSQL begins. */
  public static final String SCHEME = "postgresql://";

  /** The same, shorter. */
  public static final String SHORT_SCHEME = "postgres://";

  private static final String HOST = "(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(?::[0-9]{1,5})?";
  private static final Pattern URLS =
      Pattern.compile(
          ("(?:" + SCHEME + "|" + SHORT_SCHEME + ")")
              + "(?:(?<who>[^/?]*)@)?"
              + ("(?<hosts>" + HOST + "(?:," + HOST + ")*)")
              + "/(?<database>[^/?@]+)(?:\\?(?<options>[^@]*))?");

  /** What may be told the driver; what else there is the store decides. */
  private static final List<String> OPTIONS = List.of("currentSchema", "sslmode", "sslrootcert");

  private static final Pattern SCHEMAS = Pattern.compile("[a-z_][a-z0-9_]{0,30}");
  private static final String SCHEMA = "currentSchema=";

  private static final String FORM =
      "a PostgreSQL is written postgresql://[USER:PASSWORD@]HOST:PORT/DATABASE, its standbys as"
          + " further hosts with commas; ";

  /**
   * Reads an address.
   *
   * @throws IllegalArgumentException with one sentence that doesn't repeat a password
   */
  public static PostgresAddress parse(String text) {
    Matcher parts = URLS.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          FORM + "this one is not; write characters like @ and / in a password as %XX");
    }
    String options = parts.group("options") == null ? "" : parts.group("options");
    Arrays.stream(options.split("&")).forEach(PostgresAddress::check);
    String who = parts.group("who");
    int colon = who == null ? -1 : who.indexOf(':');
    String user = who == null || colon == 0 ? null : colon < 0 ? who : who.substring(0, colon);
    String password = who == null || colon < 0 ? null : who.substring(colon + 1);
    return new PostgresAddress(
        parts.group("hosts"), parts.group("database"), options, decode(user), decode(password));
  }

  private static void check(String option) {
    int equals = option.indexOf('=');
    if (!option.isEmpty() && (equals < 0 || !OPTIONS.contains(option.substring(0, equals)))) {
      throw new IllegalArgumentException(
          FORM
              + "behind a ? it may have "
              + String.join(", ", OPTIONS)
              + " alone, each as NAME=VALUE");
    }
    if (option.startsWith(SCHEMA) && !SCHEMAS.matcher(option.substring(equals + 1)).matches()) {
      throw new IllegalArgumentException(
          FORM + "currentSchema has up to 31 letters in lower case, digits and _");
    }
  }

  private static @Nullable String decode(@Nullable String text) {
    try {
      return text == null ? null : URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
    } catch (IllegalArgumentException e) { // The exception repeats the text.
      throw new IllegalArgumentException(
          FORM + "a % in a user or a password is written %25, with two hex digits behind it");
    }
  }

  /** The same address with a password; the user stays. */
  public PostgresAddress with(String secret) {
    return new PostgresAddress(hosts, database, options, user, secret);
  }

  /** The schema of the store's table and functions. */
  public String schema() {
    return Arrays.stream(options.split("&"))
        .filter(option -> option.startsWith(SCHEMA))
        .map(option -> option.substring(SCHEMA.length()))
        .findFirst()
        .orElse("public");
  }

  /** How a name of the store begins, with its schema. */
  String prefix(String prefix) {
    return '"' + schema() + "\"." + prefix;
  }

  /** The address as the driver reads it, without a user and a password. */
  String url() {
    return "jdbc:postgresql://" + hosts + "/" + database + "?" + options;
  }

  /** Hosts and database alone: a password is nobody's business. */
  @Override
  public String toString() {
    return hosts + "/" + database;
  }
}
