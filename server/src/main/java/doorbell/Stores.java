package doorbell;

import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.event.SetStore;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore;
import doorbell.store.postgres.PostgresAddress;
import doorbell.store.postgres.PostgresSchema;
import doorbell.store.postgres.PostgresSettings;
import doorbell.store.postgres.PostgresStore;
import doorbell.store.redis.RedisAddress;
import doorbell.store.redis.RedisSettings;
import doorbell.store.redis.RedisStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens the store that the options name; the classes of another kind are not loaded. */
public final class Stores {
  private static final List<PosixFilePermission> OF_OTHERS =
      List.of(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);

  private Stores() {}

  /**
   * @throws RuntimeException if the store can't be opened; the message says what to do
   */
  static SetStore open(Options options) {
    String store = options.get(Options.STORE);
    if (StoreOptions.isRedis(store)) {
      return redis(options, store);
    }
    if (StoreOptions.isPostgres(store)) {
      return postgres(options, store);
    }
    if (options.find(StoreOptions.PASSWORD_FILE) != null) {
      throw new IllegalArgumentException(
          "--store-password-file goes with --store redis://HOST:PORT or"
              + " postgresql://HOST/DATABASE; leave it out");
    }
    Path directory = options.directory();
    return directory == null
        ? new MemoryStore(options.get(Options.REMEMBER), options.get(Options.MAX_SETS))
        : rocks(options, directory, share(options));
  }

  static RocksStore rocks(Options options, Path directory, RocksStore.Share share) {
    return RocksStore.open(
        directory, options.get(Options.REMEMBER), options.get(Options.SYNC), share);
  }

  /** What a store on the disk may take of the machine. */
  static RocksStore.Share share(Options options) {
    return new RocksStore.Share(Port.filesOfStore(), options.get(LimitOptions.MAX_DISK));
  }

  private static SetStore redis(Options options, String store) {
    String password = password(options.find(StoreOptions.PASSWORD_FILE));
    List<RedisAddress> servers =
        RedisAddress.parseAll(store).stream()
            .map(server -> password == null ? server.complete() : server.with(password))
            .map(server -> server.withSentinels(Stores::read))
            .toList();
    return RedisStore.open(
        new RedisSettings(
            servers,
            options.get(StoreOptions.PREFIX),
            options.get(Options.REMEMBER),
            options.get(StoreOptions.SWEEP),
            RedisSettings.USUAL_BELL));
  }

  private static SetStore postgres(Options options, String store) {
    return PostgresStore.open(
        new PostgresSettings(
            database(store, options.find(StoreOptions.PASSWORD_FILE)),
            options.get(StoreOptions.PREFIX),
            options.get(Options.REMEMBER),
            options.get(StoreOptions.SWEEP),
            PostgresSettings.USUAL_BELL));
  }

  /**
   * Makes the table and the functions of a store in PostgreSQL; those that are there are brought up
   * to date, and sets stay.
   *
   * @throws RuntimeException if nothing could be made; the message says what to do
   */
  public static void init(String store, @Nullable Path passwordFile, String prefix) {
    PostgresSchema.create(database(store, passwordFile), prefix);
  }

  /** The SQL of {@link #init}. */
  public static String initSql(String store, String prefix) {
    return PostgresSchema.sql(database(store, null).schema(), prefix);
  }

  /** A database, with the password of {@code file} if there is one. */
  private static PostgresAddress database(String store, @Nullable Path file) {
    if (!StoreOptions.isPostgres(store)) {
      throw new IllegalArgumentException(
          "a store in PostgreSQL is made by init, no other needs it; give"
              + " --store postgresql://HOST/DATABASE");
    }
    PostgresAddress address = PostgresAddress.parse(store);
    String password = password(file);
    return password == null ? address : address.with(password);
  }

  private static @Nullable String password(@Nullable Path file) {
    return file == null ? null : read(file);
  }

  private static String read(Path file) {
    try {
      if (Files.getPosixFilePermissions(file).stream().anyMatch(OF_OTHERS::contains)) {
        throw new IllegalStateException(
            "others can read the password in " + file + "; chmod 600 makes it the owner's alone");
      }
      String password = Files.readString(file, UTF_8).strip();
      if (password.isEmpty()) {
        throw new IllegalStateException("there is no password in " + file + "; write it there");
      }
      return password;
    } catch (IOException e) {
      throw new IllegalStateException(
          "can't read the password from " + file + "; check its name and rights", e);
    }
  }
}
