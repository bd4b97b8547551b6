package doorbell.store.redis;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import doorbell.store.redis.RedisBatches.Call;
import doorbell.store.replica.Replica;
import io.lettuce.core.RedisClient;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Redis as one replica. It is connected anew whenever its link ends or it is found deaf, and then
 * all that is waited for is looked up. A bell of this node goes round through it every few seconds:
 * a write, which all nodes hear.
 *
 * <pre>
 * away --connected, subscribed--> linked --bell heard, mark counts--> counted on
 *   +-------- the link ends, or the bell isn't heard -----------+
 * </pre>
 *
 * <p>Calls come from any thread; the state belongs to the clock's thread.
 */
final class RedisReplica implements Replica, RedisLink.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(RedisReplica.class);

  /** Bounds of the time before another try to connect, in milliseconds. */
  private static final int LEAST_PAUSE_MILLIS = 100;

  private static final int MOST_PAUSE_MILLIS = 3_000;

  private static final long NANOS_OF_A_LOOK = 1_000_000;

  private final RedisClient client;
  private final RedisAddress address;
  private final RedisSettings settings;
  private final ScheduledExecutorService clock;

  /** Completes with the first outcome: counted on, or not, or not to be helped by time. */
  private final CompletableFuture<Void> begun = new CompletableFuture<>();

  /** The answer while there is no link. */
  private final CompletionStage<Vote> away;

  private Runnable onMark = () -> {};
  private SharedStore.@Nullable Listener listener;
  private volatile @Nullable RedisLink link;
  private volatile @Nullable String fault;
  private volatile boolean closed;
  private int pauseMillis = LEAST_PAUSE_MILLIS;

  /** The bell that is on its way, and what became of it. */
  private volatile @Nullable EventId rung;

  private volatile boolean heard;
  private boolean answered;

  private char mark = RedisScript.UNKNOWN;

  /** Bells in succession that found no mark. */
  private int unmarked;

  RedisReplica(
      RedisClient client,
      RedisAddress address,
      RedisSettings settings,
      ScheduledExecutorService clock) {
    this.client = client;
    this.address = address;
    this.settings = settings;
    this.clock = clock;
    this.fault = name() + " was not connected yet";
    this.away = CompletableFuture.failedStage(new StoreException(name() + " is away"));
  }

  /** Names who is told, on the clock's thread, that a bell has found a mark or none. */
  void onMark(Runnable told) {
    onMark = told;
  }

  @Override
  public CompletionStage<Void> start(SharedStore.Listener to) {
    listener = to;
    soon(this::connect);
    return begun;
  }

  private void soon(Runnable task) {
    try {
      clock.execute(() -> run(task));
    } catch (RejectedExecutionException e) {
      // The store was closed.
    }
  }

  private void later(int millis, Runnable task) {
    if (!closed) {
      clock.schedule(() -> run(task), millis, TimeUnit.MILLISECONDS);
    }
  }

  /** Runs a step; a fault of ours must not end the tries to connect. */
  private void run(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error e) {
      if (!closed) {
        LOG.error("{}: a fault of this node's own", name(), e);
        RedisLink on = link;
        if (on == null) {
          tryAgain();
        } else {
          lose(on, " was left after a fault of this node's own");
        }
      }
    }
  }

  private void connect() {
    if (!closed) {
      RedisLink.open(client, address, settings, this)
          .whenComplete((made, failure) -> soon(() -> onOpened(made, failure)));
    }
  }

  private void onOpened(@Nullable RedisLink made, @Nullable Throwable failure) {
    if (made == null) {
      StoreException refusal = failure == null ? null : RedisFault.refusal(address, failure);
      if (refusal == null) {
        fails(RedisFault.sentence(address, failure));
      } else {
        fails(String.valueOf(refusal.getMessage()));
        begun.completeExceptionally(refusal);
      }
      begun.complete(null);
      tryAgain();
    } else if (link != null) {
      made.close();
    } else if (closed || made.hasEnded()) {
      made.close();
      tryAgain();
    } else {
      link = made;
      pauseMillis = LEAST_PAUSE_MILLIS;
      requireNonNull(listener).onGap(); // Subscribed, so whatever is set from now on is heard.
      ring();
    }
  }

  /** Connects after a random time, so that not all nodes come at one moment. */
  private void tryAgain() {
    later(pauseMillis + ThreadLocalRandom.current().nextInt(pauseMillis), this::connect);
    pauseMillis = Math.min(2 * pauseMillis, MOST_PAUSE_MILLIS);
  }

  private void ring() {
    RedisLink on = link;
    if (on == null || closed) {
      return;
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    EventId bell = new EventId.Plain(random.nextLong(), random.nextLong());
    heard = false;
    answered = false;
    rung = bell;
    on.ring(bell).whenComplete((found, failure) -> soon(() -> onRung(on, found, failure)));
    later((int) settings.bell().toMillis(), () -> onTime(on));
  }

  private void onRung(RedisLink on, @Nullable Character found, @Nullable Throwable failure) {
    if (link != on) {
      return;
    }
    if (found != null) {
      answered = true;
      take(found);
    } else if (failure != null && RedisFault.isAnswer(failure)) {
      answered = true;
      heard = true; // It answers that it takes no sets; those who wait need no other link.
      rung = null;
      fails(RedisFault.sentence(address, failure));
      begun.complete(null);
    }
  }

  private void take(char found) {
    mark = found;
    unmarked = found == RedisScript.MISSING ? unmarked + 1 : 0;
    onMark.run();
    judge();
  }

  /** What the last bell says of this server. */
  private void judge() {
    if (link == null || !answered || !heard || rung == null) {
      return;
    }
    if (mark == RedisScript.COUNTS) {
      if (fault != null) {
        LOG.info("{} answers and is heard", name());
      }
      fault = null;
      begun.complete(null);
    } else if (mark == RedisScript.LATER) {
      fails(name() + " came back without its sets, and counts again later");
      begun.complete(null);
    } else if (mark == RedisScript.MISSING && unmarked >= RedisMarks.BELLS) {
      fails(
          name()
              + " has no sets: all servers must be in reach once, at the first start;"
              + " docs/redis.md says what to do if a majority has lost them");
      begun.complete(null);
    } else {
      fault = name() + " has no mark yet"; // RedisMarks decides what that is.
    }
  }

  private void onTime(RedisLink on) {
    if (link == on && !(answered && heard)) {
      lose(on, answered ? " is deaf: a set was not heard" : " doesn't answer");
    } else if (link == on) {
      ring();
    }
  }

  private void lose(RedisLink lost, String why) {
    link = null;
    mark = RedisScript.UNKNOWN;
    rung = null;
    fails(name() + why + "; it is connected anew");
    begun.complete(null);
    lost.close();
    tryAgain();
  }

  private void fails(String why) {
    if (!why.equals(fault) && !closed) {
      LOG.warn("{}", why);
    }
    fault = why;
  }

  @Override
  public void onEnd(RedisLink ended) {
    soon(
        () -> {
          if (link == ended) {
            lose(ended, " has ended the connection");
          }
        });
  }

  @Override
  public void onSet(EventId id, long spreadMillis) {
    if (id.equals(rung)) {
      heard = true;
      soon(this::judge);
    } else {
      requireNonNull(listener).onSet(id, spreadMillis);
    }
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
    RedisLink on = link;
    if (on != null) {
      mark = RedisScript.UNKNOWN;
      on.mark(afterMillis)
          .whenComplete(
              (found, failure) ->
                  soon(
                      () -> {
                        if (found != null && link == on) {
                          take(found);
                        }
                      }));
    }
  }

  @Override
  public CompletionStage<Vote> look(EventId id) {
    RedisLink on = link;
    if (on == null) {
      return away;
    }
    CompletionStage<Vote> vote = on.looks.add(new Call(id, 0));
    on.looks.send();
    return vote;
  }

  @Override
  public CompletionStage<Vote> set(EventId id, long spreadMillis) {
    RedisLink on = link;
    return on == null ? away : on.sets.add(new Call(id, spreadMillis));
  }

  @Override
  public void flush() {
    RedisLink on = link;
    if (on != null) {
      on.sets.send();
    }
  }

  @Override
  public int queued() {
    RedisLink on = link;
    return on == null ? 0 : on.sets.size();
  }

  @Override
  public String name() {
    return "the Redis at " + address;
  }

  @Override
  public @Nullable String fault() {
    return fault;
  }

  @Override
  public void close() {
    long end = System.nanoTime() + 2 * RedisLink.TIMEOUT.toNanos();
    while (queued() > 0 && System.nanoTime() < end) {
      flush();
      LockSupport.parkNanos(NANOS_OF_A_LOOK);
    }
    closed = true;
    RedisLink on = link;
    if (on != null) {
      on.close()
          .completeOnTimeout(null, RedisLink.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
          .join();
    }
  }
}
