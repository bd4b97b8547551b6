package doorbell;

import doorbell.http.HttpOptions;
import doorbell.io.Transport;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore.Sync;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/**
 * The options of a node. Each value is checked when the record is made: a bad value is an {@link
 * IllegalArgumentException} with one sentence that says what to do.
 *
 * @param http the port for waits and sets of clients
 * @param store {@code memory}, or {@code rocksdb:DIR}
 * @param remember the least time that a set is remembered: as long as a waiter may ask late
 * @param sync when a set counts as kept
 * @param maxSets the most sets in the store {@code memory} at a time: beyond this number memory is
 *     in danger, so {@link #setsThatFit} follows the heap. The disk bounds {@code rocksdb}
 * @param drain the time over which parked waits are answered when the node ends, so that clients
 *     come back elsewhere
 */
public record Options(
    HttpOptions http, String store, Duration remember, Sync sync, int maxSets, Duration drain) {
  static final String MEMORY = "memory";
  static final String ROCKSDB = "rocksdb:";
  private static final Duration MAX_REMEMBER = Duration.ofDays(3_650);
  private static final Duration MAX_DRAIN = Duration.ofHours(1);

  public Options {
    if (!store.equals(MEMORY) && !(store.startsWith(ROCKSDB) && store.length() > 8)) {
      throw new IllegalArgumentException(
          "the store is memory or rocksdb:DIR, not '" + store + "'; write --store rocksdb:DIR");
    }
    HttpOptions.check("remember", remember, Duration.ofSeconds(1), MAX_REMEMBER);
    HttpOptions.check("max-sets", maxSets, 1, Integer.MAX_VALUE);
    HttpOptions.check("drain", drain, Duration.ZERO, MAX_DRAIN);
  }

  /** Options of a node on 127.0.0.1:8080 that keeps sets in ./doorbell-data, synced to disk. */
  public static Options defaults() {
    HttpOptions http =
        new HttpOptions(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 8080),
            null,
            Transport.AUTO,
            Runtime.getRuntime().availableProcessors(),
            "",
            Duration.ofHours(1),
            HttpOptions.waitsThatFit(),
            0,
            1_000,
            HttpOptions.bytesThatFit(),
            Duration.ofSeconds(10),
            Duration.ofSeconds(75));
    return new Options(
        http,
        ROCKSDB + "doorbell-data",
        Duration.ofHours(24),
        Sync.ALWAYS,
        setsThatFit(),
        Duration.ofSeconds(5));
  }

  /**
   * The number of sets that a share of the JVM's heap has room for: the default of {@link
   * #maxSets}.
   */
  public static int setsThatFit() {
    return MemoryStore.setsThatFit();
  }

  Path directory() {
    return Path.of(store.substring(ROCKSDB.length()));
  }
}
