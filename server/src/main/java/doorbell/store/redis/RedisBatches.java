package doorbell.store.redis;

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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls of one kind on their way to a Redis. A few batches are on their way at a time; what comes
 * meanwhile goes with the next one, so that a crowd shares commands, and a single call doesn't
 * wait. Any thread.
 */
final class RedisBatches {
  /** Calls in a batch at most: a script holds up whoever else asks that Redis. */
  static final int MOST_CALLS = 128;

  /** Batches on their way at a time. */
  private static final int MOST_ON_THEIR_WAY = 4;

  /** Calls that may wait: a server that is this far behind won't catch up. */
  private static final int MOST_QUEUED = 65_536;

  /** A call for an id. */
  static final class Call extends CompletableFuture<Vote> {
    final EventId id;
    final long spreadMillis;

    Call(EventId id, long spreadMillis) {
      this.id = id;
      this.spreadMillis = spreadMillis;
    }
  }

  private final Queue<Call> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger calls = new AtomicInteger();
  private final AtomicInteger onTheirWay = new AtomicInteger();
  private final Function<List<Call>, CompletionStage<byte[]>> sender;

  /** What an id's digit of 0 means, where the server counts. */
  private final boolean isLook;

  private volatile @Nullable StoreException end;

  RedisBatches(boolean isLook, Function<List<Call>, CompletionStage<byte[]>> sender) {
    this.isLook = isLook;
    this.sender = sender;
  }

  /** Takes a call, to be sent with the next {@link #send}. */
  CompletionStage<Vote> add(Call call) {
    if (calls.incrementAndGet() > MOST_QUEUED) {
      calls.decrementAndGet();
      return CompletableFuture.failedStage(
          new StoreException("too many calls wait for this Redis"));
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
  void send() {
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
    if (onTheirWay.incrementAndGet() <= MOST_ON_THEIR_WAY) {
      return true;
    }
    onTheirWay.decrementAndGet();
    // A place that was given back between the two was not seen by who looked for one then.
    return onTheirWay.get() < MOST_ON_THEIR_WAY && takePlace();
  }

  private void send(List<Call> batch) {
    CompletionStage<byte[]> answer;
    try {
      answer = sender.apply(batch);
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedStage(e);
    }
    answer.whenComplete(
        (digits, failure) -> {
          onTheirWay.decrementAndGet();
          try {
            send();
          } finally { // Whoever waits for an answer gets one, whatever fails here.
            calls.addAndGet(-batch.size());
            tell(batch, digits, failure);
          }
        });
  }

  private void tell(List<Call> batch, byte @Nullable [] digits, @Nullable Throwable failure) {
    if (failure != null || digits == null || digits.length != batch.size() + 1) {
      StoreException unanswered = new StoreException("this Redis has not answered", failure);
      batch.forEach(call -> call.completeExceptionally(unanswered));
      return;
    }
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).complete(vote((char) digits[0], digits[i + 1] == '1'));
    }
  }

  private Vote vote(char mark, boolean yes) {
    if (isLook && yes) {
      return Vote.YES;
    }
    return mark != RedisScript.COUNTS ? Vote.UNFILLED : yes ? Vote.YES : Vote.NO;
  }

  /** Fails all calls that are queued, and all that come. */
  void end(StoreException reason) {
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
