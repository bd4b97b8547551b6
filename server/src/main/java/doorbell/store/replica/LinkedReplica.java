package doorbell.store.replica;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import doorbell.store.replica.Batches.Call;
import java.time.Duration;
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
 * A server as one replica. It is connected anew whenever its link ends or it is found deaf, and
 * then all that is waited for is looked up. A bell of this node goes round through it every few
 * seconds: a write, which all nodes hear.
 *
 * <pre>
 * away --connected, subscribed--> linked --bell heard, the server counts--> counted on
 *   +-------- the link ends, or the bell isn't heard ---------------+
 * </pre>
 *
 * <p>Calls come from any thread; the state belongs to the clock's thread.
 *
 * @param <L> the link to a server of that kind
 * @param <A> what the server answers to a bell
 */
public abstract class LinkedReplica<L extends Link, A> implements Replica, Link.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(LinkedReplica.class);

  /** Bounds of the time before another try to connect, in milliseconds. */
  private static final int LEAST_PAUSE_MILLIS = 100;

  private static final int MOST_PAUSE_MILLIS = 3_000;

  private static final long NANOS_OF_A_LOOK = 1_000_000;

  /** Times of a server's patience within which a link is made; a host's look-up has no limit. */
  private static final int OPENING = 6;

  private final String name;
  private final Duration bell;
  private final Duration patience;
  private final ScheduledExecutorService clock;

  /** Completes with the first outcome: counted on, or not, or not to be helped by time. */
  private final CompletableFuture<Void> begun = new CompletableFuture<>();

  /** The answer while there is no link. */
  private final CompletionStage<Vote> away;

  private SharedStore.@Nullable Listener listener;
  private volatile @Nullable L link;

  /** The try to connect that was begun last. */
  private volatile @Nullable CompletionStage<L> opening;

  private volatile @Nullable String fault;
  private volatile boolean closed;
  private int pauseMillis = LEAST_PAUSE_MILLIS;

  /** The bell that is on its way, and what became of it. */
  private volatile @Nullable EventId rung;

  private volatile boolean heard;
  private boolean answered;

  /**
   * A replica that connects when it starts.
   *
   * @param name what the server is called in sentences
   * @param bell time between two bells, and that within which one is heard
   * @param patience time within which the server answers, or fails
   */
  protected LinkedReplica(
      String name, Duration bell, Duration patience, ScheduledExecutorService clock) {
    this.name = name;
    this.bell = bell;
    this.patience = patience;
    this.clock = clock;
    this.fault = name + " was not connected yet";
    this.away = CompletableFuture.failedStage(new StoreException(name + " is away"));
  }

  /** Connects: complete when each set from now on is heard. Must not block. */
  protected abstract CompletionStage<L> open();

  /** Sets a new id for a short time, which is heard by whoever hears. Must not block. */
  protected abstract CompletionStage<A> ring(L on, EventId bell);

  /** The failure of a start that no waiting helps; null if the server may be there later. */
  protected abstract @Nullable StoreException refusal(Throwable failure);

  /** What is wrong with the server, in one sentence that says what to do. */
  protected abstract String sentence(Throwable failure);

  /** True if the server has answered, with an error that another link would meet too. */
  protected abstract boolean isAnswer(Throwable failure);

  /** The server has answered to the last bell. On the clock's thread. */
  protected void onAnswer(A answer) {
    judge();
  }

  /** The last bell was answered and heard. On the clock's thread. */
  protected void onHeard() {
    counts();
  }

  /** The link has ended. On the clock's thread. */
  protected void onLost() {}

  @Override
  public final CompletionStage<Void> start(SharedStore.Listener to) {
    listener = to;
    soon(this::connect);
    return begun;
  }

  /** Runs a step of the clock's thread. */
  protected final void soon(Runnable task) {
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
        LOG.error("{}: a fault of this node's own", name, e);
        L on = link;
        if (on == null) {
          tryAgain();
        } else {
          lose(on, name + " was left after a fault of this node's own");
        }
      }
    }
  }

  private void connect() {
    if (!closed) {
      CompletableFuture<L> next = open().toCompletableFuture();
      opening = next;
      next.copy()
          .orTimeout(OPENING * patience.toMillis(), TimeUnit.MILLISECONDS)
          .whenComplete(
              (made, failure) -> {
                if (made == null) { // One that comes later is nobody's.
                  next.thenAccept(Link::close);
                }
                soon(() -> onOpened(made, failure));
              });
      if (closed) { // Whoever closed it meanwhile saw the one before.
        next.thenAccept(Link::close);
      }
    }
  }

  private void onOpened(@Nullable L made, @Nullable Throwable failure) {
    if (made == null) {
      onFailure(requireNonNull(failure));
      tryAgain();
    } else if (link != null) {
      made.close();
    } else if (closed || made.hasEnded()) {
      made.close();
      tryAgain();
    } else {
      link = made;
      requireNonNull(listener).onGap(); // Subscribed, so whatever is set from now on is heard.
      ring();
    }
  }

  private void onFailure(Throwable failure) {
    StoreException refusal = refusal(failure);
    if (refusal == null) {
      fails(sentence(failure));
    } else {
      begun.completeExceptionally(refusal);
      fails(String.valueOf(refusal.getMessage()));
    }
  }

  /** Connects after a random time, so that not all nodes come at one moment. */
  private void tryAgain() {
    later(pauseMillis + ThreadLocalRandom.current().nextInt(pauseMillis), this::connect);
    pauseMillis = Math.min(2 * pauseMillis, MOST_PAUSE_MILLIS);
  }

  private void ring() {
    L on = link;
    if (on == null || closed) {
      return;
    }
    ThreadLocalRandom random = ThreadLocalRandom.current();
    EventId now = new EventId.Plain(random.nextLong(), random.nextLong());
    heard = false;
    answered = false;
    rung = now;
    ring(on, now).whenComplete((answer, failure) -> soon(() -> onRung(on, answer, failure)));
    later((int) bell.toMillis(), () -> onTime(on));
  }

  private void onRung(L on, @Nullable A answer, @Nullable Throwable failure) {
    if (link != on) {
      return;
    }
    if (answer != null) {
      answered = true;
      onAnswer(answer);
    } else if (failure != null && isAnswer(failure)) {
      answered = true;
      heard = true; // It answers that it takes no sets; those who wait need no other link.
      rung = null;
      onFailure(failure);
    } else if (failure != null) {
      lose(on, sentence(failure));
    }
  }

  /** Looks what the last bell says of this server. */
  protected final void judge() {
    if (link != null && answered && heard && rung != null) {
      onHeard();
    }
  }

  private void onTime(L on) {
    if (link == on && !(answered && heard)) {
      lose(on, name + (answered ? " is deaf: a set was not heard" : " doesn't answer"));
    } else if (link == on) {
      ring();
    }
  }

  private void lose(L lost, String why) {
    link = null;
    rung = null;
    onLost();
    fails(why + "; it is connected anew");
    lost.close();
    tryAgain();
  }

  /** The server can be counted on. */
  protected final void counts() {
    if (fault != null) {
      LOG.info("{} answers and is heard", name);
    }
    fault = null;
    pauseMillis = LEAST_PAUSE_MILLIS;
    begun.complete(null);
  }

  /** The server can't be counted on, as far as is known. */
  protected final void fails(String why) {
    if (!why.equals(fault) && !closed) {
      LOG.warn("{}", why);
    }
    fault = why;
    begun.complete(null);
  }

  /** Nothing is known of the server yet: neither the log nor who starts the node is told. */
  protected final void doubts(String why) {
    fault = why;
  }

  /** The link, while there is one. */
  protected final @Nullable L link() {
    return link;
  }

  @Override
  public final void onEnd(Link ended, @Nullable Throwable why) {
    soon(
        () -> {
          L on = link;
          if (on == ended) {
            lose(on, why == null ? name + " has ended the connection" : sentence(why));
          }
        });
  }

  @Override
  public final void onSet(EventId id, long spreadMillis) {
    if (id.equals(rung)) {
      heard = true;
      soon(this::judge);
    } else {
      requireNonNull(listener).onSet(id, spreadMillis);
    }
  }

  @Override
  public final void onGap() {
    requireNonNull(listener).onGap();
  }

  @Override
  public final CompletionStage<Vote> look(EventId id) {
    L on = link;
    if (on == null) {
      return away;
    }
    CompletionStage<Vote> vote = on.looks().add(new Call(id, 0));
    on.looks().send();
    return vote;
  }

  @Override
  public final CompletionStage<Vote> set(EventId id, long spreadMillis) {
    L on = link;
    return on == null ? away : on.sets().add(new Call(id, spreadMillis));
  }

  @Override
  public final void flush() {
    L on = link;
    if (on != null) {
      on.sets().send();
    }
  }

  @Override
  public final int queued() {
    L on = link;
    return on == null ? 0 : on.sets().size();
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final @Nullable String fault() {
    return fault;
  }

  @Override
  public final void close() {
    long end = System.nanoTime() + 2 * patience.toNanos();
    while (queued() > 0 && System.nanoTime() < end) {
      flush();
      LockSupport.parkNanos(NANOS_OF_A_LOOK);
    }
    closed = true;
    L on = link;
    if (on != null) {
      on.close().completeOnTimeout(null, patience.toMillis(), TimeUnit.MILLISECONDS).join();
    }
    CompletionStage<L> next = opening;
    if (next != null) { // The clock may end before it hears of that one.
      next.thenAccept(Link::close);
    }
  }
}
