package doorbell.store.redis;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what a server without a mark is: new, as all of them are, or one that has lost its sets.
 * Such a server counts in no majority for the time to remember: after that, no set is remembered
 * that it may lack. Belongs to the clock's thread.
 */
final class RedisMarks implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(RedisMarks.class);

  /** Bells that must find no mark, since another node may be marking all new servers meanwhile. */
  static final int BELLS = 2;

  private final List<RedisReplica> replicas;
  private final long rememberMillis;

  /** A mark was seen since the start of this node. */
  private boolean wasMarked;

  RedisMarks(List<RedisReplica> replicas, long rememberMillis) {
    this.replicas = replicas;
    this.rememberMillis = rememberMillis;
  }

  /** A bell has told of a mark, or that there is none. */
  @Override
  public void run() {
    wasMarked |= replicas.stream().anyMatch(one -> one.mark() == RedisScript.COUNTS);
    long missing = replicas.stream().filter(one -> one.mark() == RedisScript.MISSING).count();
    if (missing == replicas.size()) {
      replicas.forEach(one -> one.makeMark(0));
      if (wasMarked) {
        LOG.warn("the store in Redis has lost its sets, and goes on without them");
      } else {
        LOG.info("the store in Redis is new: it has no sets yet");
      }
      return;
    }
    for (RedisReplica one : replicas) {
      if (one.mark() == RedisScript.MISSING && one.unmarked() >= BELLS && isMajorityMarked()) {
        LOG.warn("{} has lost its sets: it counts again after --remember", one.name());
        one.makeMark(rememberMillis);
      }
    }
  }

  private boolean isMajorityMarked() {
    long marked =
        replicas.stream()
            .filter(one -> one.mark() == RedisScript.COUNTS || one.mark() == RedisScript.LATER)
            .count();
    return marked > replicas.size() / 2;
  }
}
