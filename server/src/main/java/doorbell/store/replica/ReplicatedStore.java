package doorbell.store.replica;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import doorbell.store.replica.Replica.Vote;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A store over replicas, of which any node may write any. An event is set if any replica has it. A
 * set is acknowledged when a majority has it, and "not set" is said when a majority says so: two
 * majorities share a replica, so nobody is told "not set" of what was acknowledged before. Any
 * thread.
 */
public final class ReplicatedStore implements SharedStore {
  /**
   * Time within which all votes come that make a majority of several. So when a replica has been
   * known to have lost its sets for longer, no vote from before is counted any more.
   */
  public static final Duration MOST_SET_TIME = Duration.ofSeconds(4);

  /** A replica has its own, shorter limits; this one is for a machine that hardly runs. */
  private static final int MOST_START_SECONDS = 20;

  private final List<Replica> replicas;
  private final int majority;
  private final Duration sweepTime;
  private final Runnable end;
  private volatile boolean closed;

  /**
   * Merges {@code replicas}, an odd number of them, which start with {@link #listen}.
   *
   * @param sweepTime time within which each parked id is looked up again
   * @param end ends what the replicas share, behind them
   */
  public ReplicatedStore(List<Replica> replicas, Duration sweepTime, Runnable end) {
    this(replicas, sweepTime, end, replicas.size() / 2 + 1);
  }

  ReplicatedStore(List<Replica> replicas, Duration sweepTime, Runnable end, int majority) {
    this.replicas = List.copyOf(replicas);
    this.sweepTime = sweepTime;
    this.end = end;
    this.majority = majority;
  }

  /**
   * Waits for the first outcome of each replica, which takes some seconds at most. Fails if a
   * majority says that waiting won't help; a minority is told of as any that is away.
   */
  @Override
  public void listen(Listener listener) {
    List<CompletableFuture<Void>> starts =
        replicas.stream().map(replica -> replica.start(listener).toCompletableFuture()).toList();
    CompletableFuture.allOf(starts.toArray(CompletableFuture<?>[]::new))
        .exceptionally(failure -> null)
        .completeOnTimeout(null, MOST_START_SECONDS, TimeUnit.SECONDS)
        .join();
    List<CompletableFuture<Void>> refused =
        starts.stream().filter(CompletableFuture::isCompletedExceptionally).toList();
    if (refused.size() >= majority) {
      Throwable why = refused.getFirst().exceptionNow();
      throw why instanceof StoreException told ? told : new CompletionException(why);
    }
  }

  /** Fails where too few replicas answer to be sure. */
  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    return poll(new Poll.OfLook(replicas.size(), majority), replica -> replica.look(id));
  }

  @Override
  public CompletionStage<Boolean> lookUp(EventId id) {
    return isSet(id).exceptionally(failure -> false);
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, long spreadMillis) {
    return poll(
        new Poll.OfSet(replicas.size(), majority), replica -> replica.set(id, spreadMillis));
  }

  /** A set that is repeated is told to all nodes, too. */
  @Override
  public void hasten(EventId id, long spreadMillis) {
    setSoon(id, spreadMillis);
  }

  private CompletionStage<Boolean> poll(Poll poll, Function<Replica, CompletionStage<Vote>> ask) {
    if (closed) {
      poll.completeExceptionally(new StoreException("the store is closed; try another node"));
      return poll;
    }
    for (Replica replica : replicas) {
      poll.take(ask(replica, ask));
    }
    return poll;
  }

  private static CompletionStage<Vote> ask(
      Replica replica, Function<Replica, CompletionStage<Vote>> ask) {
    try {
      return ask.apply(replica);
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedStage(e);
    }
  }

  @Override
  public void flush() {
    replicas.forEach(Replica::flush);
  }

  @Override
  public int queued() {
    return replicas.stream().mapToInt(Replica::queued).max().orElse(0);
  }

  @Override
  public Duration sweepTime() {
    return sweepTime;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public List<Member> members() {
    return replicas.stream().map(replica -> new Member(replica.name(), replica.fault())).toList();
  }

  /** A set at another node reaches a majority, and so one at least of the replicas heard here. */
  @Override
  public @Nullable String fault() {
    List<Member> faulty = members().stream().filter(member -> member.fault() != null).toList();
    if (replicas.size() - faulty.size() >= majority) {
      return null;
    }
    String first = requireNonNull(faulty.getFirst().fault());
    return replicas.size() == 1
        ? first
        : faulty.size() + " of " + replicas.size() + " replicas fail; " + first;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      flush();
      replicas.forEach(Replica::close);
      end.run();
    }
  }
}
