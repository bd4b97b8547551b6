package doorbell.store.redis;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.replica.LinkedReplica;
import io.lettuce.core.RedisClient;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * A Redis as one replica. Each bell tells of the mark, without which the server may have lost sets
 * and counts in no majority.
 */
final class RedisReplica extends LinkedReplica<RedisLink, Character> {
  /** Bells without copies until the Sentinels are asked again who leads. */
  private static final int BELLS_ALONE = 10;

  private final RedisClient client;
  private final RedisAddress address;
  private final RedisSettings settings;
  private Runnable onMark = () -> {};
  private char mark = RedisScript.UNKNOWN;

  /** Connections that were begun: each asks another Sentinel first, since one may be stale. */
  private int turns;

  /**
   * Bells that were refused in succession, by a server that Sentinels watch, for want of copies.
   */
  private int alone;

  /** Bells in succession that found no mark. */
  private int unmarked;

  RedisReplica(
      RedisClient client,
      RedisAddress address,
      RedisSettings settings,
      ScheduledExecutorService clock) {
    super("the Redis at " + address, settings.bell(), RedisLink.TIMEOUT, clock);
    this.client = client;
    this.address = address;
    this.settings = settings;
  }

  /** Names who is told, on the clock's thread, that a bell has found a mark or none. */
  void onMark(Runnable told) {
    onMark = told;
  }

  @Override
  protected CompletionStage<RedisLink> open() {
    return RedisLink.open(client, address.turned(turns++), settings, this);
  }

  @Override
  protected CompletionStage<Character> ring(RedisLink on, EventId bell) {
    return on.ring(bell);
  }

  @Override
  protected @Nullable StoreException refusal(Throwable failure) {
    return RedisFault.refusal(address, failure);
  }

  @Override
  protected String sentence(Throwable failure) {
    return RedisFault.sentence(address, failure);
  }

  @Override
  protected boolean isAnswer(Throwable failure) {
    if (address.watch() == null || !RedisFault.isAnswer(failure)) {
      return RedisFault.isAnswer(failure);
    }
    // Look-ups go on where only copies are away, so Sentinels are asked now and then.
    alone = RedisFault.isAlone(failure) ? alone + 1 : 0;
    return !RedisFault.isCopy(failure) && alone % BELLS_ALONE != 1;
  }

  @Override
  protected void onAnswer(Character found) {
    alone = 0;
    mark = found;
    unmarked = found == RedisScript.MISSING ? unmarked + 1 : 0;
    onMark.run();
    judge();
  }

  @Override
  protected void onHeard() {
    if (mark == RedisScript.COUNTS) {
      counts();
    } else if (mark == RedisScript.LATER) {
      fails(name() + " came back without its sets, and counts again when they are copied to it");
    } else if (mark == RedisScript.MISSING && unmarked >= RedisMarks.BELLS) {
      fails(
          name()
              + " has no sets: all servers must be in reach once, at the first start;"
              + " docs/redis.md says what to do if a majority has lost them");
    } else {
      doubts(name() + " has no mark yet"); // RedisMarks decides what that is.
    }
  }

  @Override
  protected void onLost() {
    mark = RedisScript.UNKNOWN;
  }

  /** What the last bell found; {@link RedisScript#UNKNOWN} while there is no link. */
  char mark() {
    return mark;
  }

  int unmarked() {
    return unmarked;
  }

  /** Makes the mark, and rings to see it. */
  void makeMark(long afterMillis) {
    RedisLink on = link();
    if (on != null) {
      mark = RedisScript.UNKNOWN;
      on.mark(afterMillis)
          .whenComplete(
              (found, failure) ->
                  soon(
                      () -> {
                        if (found != null && link() == on) {
                          onAnswer(found);
                        }
                      }));
    }
  }

  /** Has the sets of {@code others} copied here: see {@link RedisRepair#fill}. */
  CompletionStage<@Nullable Long> fill(
      List<RedisReplica> others, long rememberMillis, Executor clock) {
    RedisLink on = link();
    List<RedisLink> sources =
        others.stream().map(RedisReplica::link).filter(Objects::nonNull).toList();
    return on == null || sources.size() < others.size()
        ? CompletableFuture.completedStage(null)
        : RedisRepair.fill(on, sources, rememberMillis, clock)
            .whenComplete((count, failure) -> soon(() -> onFilled(on, count)));
  }

  private void onFilled(RedisLink on, @Nullable Long count) {
    if (count != null && link() == on) {
      onAnswer(RedisScript.COUNTS);
    }
  }
}
