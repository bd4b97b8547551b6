package doorbell.limit;

import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * Token buckets, one for each key, in a table of fixed size: 16 bytes each, 256 KiB in all. Any
 * thread; a lock is held for a look at eight buckets.
 *
 * <p>A full bucket is the same as none, and is replaced by the next: see {@link TokenRate}. Where a
 * key finds its eight places taken, the fullest bucket is forgotten: its key was held back least.
 * So a crowd of keys may have others forgiven, and has none refused.
 */
public final class TokenBuckets {
  /** A full bucket holds the tokens of so many seconds: who was idle may come with a crowd. */
  public static final int BURST_SECONDS = 10;

  private static final int WAYS = 8;
  private static final int SET_BITS = 11;
  private static final int LOCKS = 64;

  /** Odd factors of a hash that spreads all bits upwards (SplitMix64). */
  private static final long SPREAD = 0xBF58476D1CE4E5B9L;

  private static final long SPREAD_AGAIN = 0x94D049BB133111EBL;

  final int perSecond;
  private final TokenRate rate;
  private final long start;

  /** Nobody can choose keys that meet in one place without this number. */
  private final long secret = ThreadLocalRandom.current().nextLong();

  private final Object[] locks = Stream.generate(Object::new).limit(LOCKS).toArray();
  private final long[] keys = new long[WAYS << SET_BITS];
  private final long[] fullAt = new long[WAYS << SET_BITS];

  /** Full buckets that get {@code perSecond} tokens a second, at the time {@code nanos}. */
  public TokenBuckets(int perSecond, long nanos) {
    this.perSecond = perSecond;
    this.rate = new TokenRate(perSecond, BURST_SECONDS);
    this.start = nanos;
  }

  /**
   * Takes tokens from the bucket of {@code key} at the time {@code nanos}. More tokens than a
   * bucket holds are taken from a full one, which then owes them: a large set isn't refused for
   * ever.
   *
   * @return 0 if they were taken; else the nanoseconds until they will be there, and none are taken
   */
  public long take(long key, int tokens, long nanos) {
    long now = nanos - start;
    int set = set(key);
    synchronized (locks[set % LOCKS]) {
      int place = place(set * WAYS, key);
      long full = keys[place] == key ? fullAt[place] : now;
      long lacking = rate.lacking(full, tokens, now);
      if (lacking > 0) {
        return lacking;
      }
      keys[place] = key;
      fullAt[place] = rate.fullAfter(full, tokens, now);
      return 0;
    }
  }

  private int set(long key) {
    long hash = (key ^ secret) * SPREAD;
    hash = (hash ^ (hash >>> 29)) * SPREAD_AGAIN;
    return (int) (hash >>> (Long.SIZE - SET_BITS));
  }

  /** The place of the key among those from {@code first} on, or else that of the fullest bucket. */
  private int place(int first, long key) {
    int fullest = first;
    for (int i = first; i < first + WAYS; i++) {
      if (keys[i] == key) {
        return i;
      }
      fullest = fullAt[i] < fullAt[fullest] ? i : fullest;
    }
    return fullest;
  }
}
