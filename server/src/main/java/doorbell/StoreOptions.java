package doorbell;

import static doorbell.Option.between;

import doorbell.store.postgres.PostgresAddress;
import doorbell.store.redis.RedisAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Rows of the table in {@link Options} for stores that nodes share, and what a store's text is. */
public final class StoreOptions {
  private static final String MEMORY = "memory";
  private static final String ROCKSDB = "rocksdb:";

  /** Folder names that a shell, a quote or a comment would be meant to change. */
  private static final Pattern UNLIKELY =
      Pattern.compile("[~\\s\"'].*|.*[\\s;\"']|.*[$`].*|%[a-zA-Z]/.*|file:.*", Pattern.DOTALL);

  private static final Pattern PREFIXES = Pattern.compile("[A-Za-z0-9._:-]{1,64}");

  /**
   * A user and a password: all up to the last @ before the next Redis, however ill it is written.
   */
  private static final Pattern SECRETS =
      Pattern.compile(
          "(^|,)(\\s*(?:redis(?:s|-sentinel)?|postgres(?:ql)?):/{0,2})?"
              + "(?:(?!,\\s*rediss?://).)*@",
          Pattern.DOTALL);

  /** A client's next wait begins within this time, and looks first. */
  private static final String HOLD = "25s";

  public static final Option<Path> PASSWORD_FILE =
      Option.of(
          "store-password-file",
          OptionType.FILE,
          "The password of the servers in --store, in a file that others can't read.");

  public static final Option<String> PREFIX =
      Option.of(
              "store-prefix",
              OptionType.text("NAME"),
              "How names begin in Redis (keys, channels) or PostgreSQL (table, functions): the same"
                  + " for all nodes that share their sets, and another one for others.")
          .or("doorbell")
          .that(StoreOptions::checkPrefix);

  public static final Option<Duration> SWEEP =
      Option.of(
              "store-sweep",
              OptionType.TIME,
              "The time within which a node looks each id that is waited for up again in Redis or"
                  + " PostgreSQL, since a notification may be lost.")
          .or(HOLD)
          .that(between(Duration.ofMillis(100), Duration.ofHours(1)));

  private StoreOptions() {}

  /**
   * A store. A folder name that is hardly meant so is taken only if the folder exists: a new folder
   * would be an empty store, with which a node seems to have lost all sets.
   */
  static String parse(String text) {
    String folder = text.startsWith(ROCKSDB) ? text.substring(ROCKSDB.length()) : "";
    if (UNLIKELY.matcher(folder).matches() && !Files.exists(Path.of(folder))) {
      throw new IllegalArgumentException(
          "a folder is taken as it is written, with its quotes, spaces, ~ and $: write its whole"
              + " name, or make it first if it is named so");
    }
    return text;
  }

  static void check(String name, String store) {
    boolean hasFolder = store.startsWith(ROCKSDB) && store.length() > ROCKSDB.length();
    if (isRedis(store)) {
      RedisAddress.parseAll(store);
    } else if (isPostgres(store)) {
      PostgresAddress.parse(store);
    } else if (store.startsWith("redis-cluster:")) {
      throw new IllegalArgumentException(
          "a Redis Cluster can't be a store; name one Redis, or three that know nothing of one"
              + " another: docs/scaling.md says how to divide ids among nodes");
    } else if (!store.equals(MEMORY) && !hasFolder) {
      throw new IllegalArgumentException(
          ("the store is memory, rocksdb:DIR, redis://HOST:PORT or postgresql://HOST/DATABASE,"
                  + " not '%s'; write rocksdb:DIR")
              .formatted(withoutSecrets(store)));
    }
  }

  private static void checkPrefix(String name, String prefix) {
    if (!PREFIXES.matcher(prefix).matches()) {
      throw new IllegalArgumentException(
          "the prefix has 1 to 64 letters, digits and . _ : - alone, not '" + prefix + "'");
    }
  }

  static boolean isRedis(String store) {
    return store.startsWith(RedisAddress.SCHEME)
        || store.startsWith(RedisAddress.TLS_SCHEME)
        || store.startsWith(RedisAddress.SENTINEL_SCHEME);
  }

  static boolean isPostgres(String store) {
    return store.startsWith(PostgresAddress.SCHEME)
        || store.startsWith(PostgresAddress.SHORT_SCHEME);
  }

  /** The folder of a store; null if it has none. */
  static @Nullable Path directory(String store) {
    return store.startsWith(ROCKSDB) ? Path.of(store.substring(ROCKSDB.length())) : null;
  }

  /** The kind of a store, for figures. */
  static String kind(String store) {
    return isRedis(store)
        ? "redis"
        : isPostgres(store) ? "postgresql" : directory(store) == null ? MEMORY : "rocksdb";
  }

  /** The text of a store for whoever may read it: without a user and a password. */
  public static String withoutSecrets(String store) {
    return directory(store) == null ? SECRETS.matcher(store).replaceAll("$1$2") : store;
  }
}
