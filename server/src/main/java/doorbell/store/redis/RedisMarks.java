package doorbell.store.redis;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what a server without a mark is: new, as all of them are, or one that has lost its sets.
 * Such a server counts in no majority until it is filled from the others, or for the time to
 * remember: after that, no set is remembered that it may lack. Belongs to the clock's thread.
 */
final class RedisMarks implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(RedisMarks.class);

  /** Bells that must find no mark, since another node may be marking all new servers meanwhile. */
  static final int BELLS = 2;

  /** Time between two tries to fill servers: the lease of a node that has ended is over then. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(RedisRepair.LEASE_MILLIS);

  private final List<RedisReplica> replicas;
  private final long rememberMillis;
  private final Executor clock;

  /** A mark was seen since the start of this node. */
  private boolean wasMarked;

  /** This node fills a server. */
  private boolean filling;

  private long nextTry = System.nanoTime();

  /** The reason why a server wasn't filled, which was logged last. */
  private String lastFault = "";

  RedisMarks(List<RedisReplica> replicas, long rememberMillis, Executor clock) {
    this.replicas = replicas;
    this.rememberMillis = rememberMillis;
    this.clock = clock;
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
        LOG.warn("{} has lost its sets: it is filled from the others before it counts", one.name());
        one.makeMark(rememberMillis);
      } else if (one.mark() == RedisScript.LATER) {
        fill(one);
      }
    }
  }

  /** Fills a server, unless too few others count, or this node is at it. */
  private void fill(RedisReplica one) {
    List<RedisReplica> others =
        replicas.stream()
            .filter(other -> other.mark() == RedisScript.COUNTS)
            .limit(replicas.size() / 2 + 1)
            .toList();
    if (!filling && others.size() > replicas.size() / 2 && System.nanoTime() - nextTry >= 0) {
      filling = true;
      one.fill(others, rememberMillis, clock)
          .whenCompleteAsync((count, failure) -> onFilled(one, count, failure), clock);
    }
  }

  private void onFilled(RedisReplica one, @Nullable Long count, @Nullable Throwable failure) {
    filling = false;
    nextTry = System.nanoTime() + PAUSE_NANOS;
    if (count != null) {
      LOG.info("{} was filled: {} sets were read from the others", one.name(), count);
      nextTry = System.nanoTime();
    } else if (failure != null && !lastFault.equals(RedisFault.reason(failure))) {
      lastFault = RedisFault.reason(failure);
      LOG.warn("{} wasn't filled yet: {}; this is tried again", one.name(), lastFault);
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
