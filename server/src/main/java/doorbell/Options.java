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
 * What a node can be told. Each value is checked when the record is made: a bad one is an {@link
 * IllegalArgumentException} with one sentence that says what to do.
 *
 * @param http the port that clients wait and set at
 * @param store {@code memory}, or {@code rocksdb:DIR}
 * @param remember how long a set is remembered, at least: as long as somebody may ask late
 * @param sync when a set counts as kept
 * @param maxSets how many sets the store {@code memory} remembers at a time: beyond it memory is in
 *     danger, so {@link #setsThatFit} follows the heap. The disk bounds {@code rocksdb}
 * @param drain how long the parked waits are given to come back elsewhere when the node ends
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

  /** A node on 127.0.0.1:8080 that keeps its sets in ./doorbell-data, synced to disk. */
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

  /** How many sets have room in their share of the JVM's heap: the default of {@link #maxSets}. */
  public static int setsThatFit() {
    return MemoryStore.setsThatFit();
  }

  Path directory() {
    return Path.of(store.substring(ROCKSDB.length()));
  }
}
