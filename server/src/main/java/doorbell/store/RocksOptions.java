package doorbell.store;

import java.time.Duration;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompactionOptionsFIFO;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/**
 * Options of RocksDB for keys that are written once, hardly ever found and forgotten by age: every
 * file stays in level 0 as flushed, and goes as a whole.
 */
final class RocksOptions implements AutoCloseable {
  /** Files of an idle store: each lookup looks into the filter of each file. */
  private static final int ERAS = 8;

  /** The shortest era: a second is RocksDB's own grain. */
  private static final Duration MIN_ERA = Duration.ofSeconds(1);

  /** Bytes of a full file, over a million sets. The memtable grows in small blocks as sets come. */
  private static final long MEMTABLE_BYTES = 64L << 20;

  private static final long MEMTABLE_BLOCK_BYTES = 64L << 10;

  /**
   * The filter's share of a memtable: 10 bits a key when full. Misses are ten times faster for 1.3
   * MB.
   */
  private static final double MEMTABLE_BLOOM_RATIO = 0.02;

  /**
   * Filter bits a key: 1 wrong "maybe" in 1,000 lookups per file. With 10 bits and 18 files, every
   * sixth lookup met a wrong "maybe".
   */
  private static final double BLOOM_BITS = 16;

  /** One memtable fills while the other is written to a file. */
  private static final int MEMTABLES = 2;

  private static final long CACHE_BYTES = 16L << 20;

  /** What RocksDB takes at most, besides the filters of its files. */
  static final long MOST_MEMORY = MEMTABLES * MEMTABLE_BYTES + CACHE_BYTES;

  private static final long LOG_FILE_BYTES = 1L << 20;
  private static final long MANIFEST_BLOCK_BYTES = 64L << 10;
  static final int LOG_FILES = 2;

  final Options options = new Options();
  private final long eraSeconds;
  private final Cache cache = new LRUCache(CACHE_BYTES);
  private final BloomFilter filter = new BloomFilter(BLOOM_BITS);
  private final CompactionOptionsFIFO fifo = new CompactionOptionsFIFO();

  RocksOptions(Duration remember) {
    // Duration divides by way of BigDecimal, which takes longer to load than the store to open.
    Duration era = Duration.ofNanos(remember.toNanos() / ERAS);
    this.eraSeconds = seconds(era.compareTo(MIN_ERA) < 0 ? MIN_ERA : era);
    keepWholeFiles(seconds(remember));
    lookFast();
    staySmall();
  }

  long eraNanos() {
    return Duration.ofSeconds(eraSeconds).toNanos();
  }

  @Override
  public void close() {
    options.close();
    fifo.close();
    filter.close();
    cache.close();
  }

  /**
   * RocksDB drops a file once the flush, and so the youngest key, is longer ago than the time to
   * live. RocksDB looks once an era, with or without writes. Size alone must never drop a set.
   */
  private void keepWholeFiles(long seconds) {
    fifo.setMaxTableFilesSize(Long.MAX_VALUE).setAllowCompaction(false);
    options
        .setNumLevels(1)
        .setCompactionStyle(CompactionStyle.FIFO)
        .setCompactionOptionsFIFO(fifo)
        .setTtl(seconds)
        .setMaxCompactionTriggerWakeupSeconds(eraSeconds)
        .setLevel0SlowdownWritesTrigger(Integer.MAX_VALUE)
        .setLevel0StopWritesTrigger(Integer.MAX_VALUE);
  }

  private void lookFast() {
    options
        .setTableFormatConfig(
            new BlockBasedTableConfig().setFilterPolicy(filter).setBlockCache(cache))
        // All files stay open, with filters in memory: a "no" never reads.
        .setMaxOpenFiles(-1)
        .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_RATIO)
        .setMemtableWholeKeyFiltering(true);
  }

  private void staySmall() {
    options
        // Also bounds the write-ahead log, which begins anew with each memtable.
        .setWriteBufferSize(MEMTABLE_BYTES)
        .setMaxWriteBufferNumber(MEMTABLES)
        .setArenaBlockSize(MEMTABLE_BLOCK_BYTES)
        .setAllowFAllocate(false)
        .setManifestPreallocationSize(MANIFEST_BLOCK_BYTES)
        // Random keys don't compress.
        .setCompressionType(CompressionType.NO_COMPRESSION)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setKeepLogFileNum(LOG_FILES)
        .setMaxLogFileSize(LOG_FILE_BYTES)
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0);
  }

  private static long seconds(Duration duration) {
    return duration.plusNanos(999_999_999).toSeconds();
  }
}
