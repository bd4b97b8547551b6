package doorbell.store.replica;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.replica.Replica.Vote;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one kind on their way to a server. A few batches are on their way at a time; what comes
 * meanwhile goes with the next one, so that a crowd shares commands, and a single call doesn't
 * wait. Any thread.
 */
public final class Batches {
  /** Calls in a batch at most: a batch holds up whoever else asks that server. */
  static final int MOST_CALLS = 128;

  /** Calls that may wait: a server that is this far behind won't catch up. */
  private static final int MOST_QUEUED = 65_536;

  /** A call for an id. */
  public static final class Call extends CompletableFuture<Vote> {
    public final EventId id;
    public final long spreadMillis;

    public Call(EventId id, long spreadMillis) {
      this.id = id;
      this.spreadMillis = spreadMillis;
    }
  }

  private final Queue<Call> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger onTheirWay = new AtomicInteger();
  private final int atATime;
  private final Sender sender;
  private volatile @Nullable StoreException end;

  /** Sends a batch. Must not block. */
  public interface Sender {
    /** Completes with a vote for each call; null for one that has none. */
    CompletionStage<List<@Nullable Vote>> send(List<Call> batch);
  }

  /** Has at most {@code atATime} batches on their way at a time. */
  public Batches(int atATime, Sender sender) {
    this.atATime = atATime;
    this.sender = sender;
  }

  /** Takes a call, to be sent with the next {@link #send}. */
  public CompletionStage<Vote> add(Call call) {
    if (calls.incrementAndGet() > MOST_QUEUED) {
      calls.decrementAndGet();
      return CompletableFuture.failedStage(
          new StoreException("too many calls wait for this server"));
    }
    queue.add(call);
    if (end != null) {
      failQueued(); // The end may have come between; nobody else would answer.
    }
    return call;
  }

  /** Calls that have no answer yet. */
  int size() {
    return calls.get();
  }

  /** Sends what is queued, as far as batches may be on their way. */
  public void send() {
    while (!queue.isEmpty() && takePlace()) {
      List<Call> batch = new ArrayList<>();
      for (Call next = queue.poll(); next != null; next = queue.poll()) {
        batch.add(next);
        if (batch.size() == MOST_CALLS) {
          break;
        }
      }
      if (batch.isEmpty()) {
        onTheirWay.decrementAndGet();
      } else {
        send(batch);
      }
    }
  }

  private boolean takePlace() {
    if (onTheirWay.incrementAndGet() <= atATime) {
      return true;
    }
    onTheirWay.decrementAndGet();
    // A place that was given back between the two was not seen by who looked for one then.
    return onTheirWay.get() < atATime && takePlace();
  }

  private void send(List<Call> batch) {
    CompletionStage<List<@Nullable Vote>> answer;
    try {
      answer = sender.send(batch);
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedStage(e);
    }
    answer.whenComplete(
        (votes, failure) -> {
          onTheirWay.decrementAndGet();
          try {
            send();
          } finally { // Whoever waits for an answer gets one, whatever fails here.
            calls.addAndGet(-batch.size());
            tell(batch, votes, failure);
          }
        });
  }

  private static void tell(
      List<Call> batch, @Nullable List<@Nullable Vote> votes, @Nullable Throwable failure) {
    boolean complete = votes != null && votes.size() == batch.size();
    for (int i = 0; i < batch.size(); i++) {
      Vote vote = complete ? requireNonNull(votes).get(i) : null;
      if (vote == null) {
        batch.get(i).completeExceptionally(new StoreException("no answer to this", failure));
      } else {
        batch.get(i).complete(vote);
      }
    }
  }

  /** Fails all calls that are queued, and all that come. */
  public void end(StoreException reason) {
    end = reason;
    failQueued();
  }

  private void failQueued() {
    StoreException reason = requireNonNull(end);
    for (Call call = queue.poll(); call != null; call = queue.poll()) {
      calls.decrementAndGet();
      call.completeExceptionally(reason);
    }
  }
}
