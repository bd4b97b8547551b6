package doorbell.store.replica;

import doorbell.event.StoreException;
import doorbell.store.replica.Replica.Vote;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Counts what the replicas say to one call; completes as soon as the outcome is sure. */
abstract class Poll extends CompletableFuture<Boolean> {
  final int majority;

  private final long begun = System.nanoTime();

  /** Votes so far, and replicas that have not answered. Guarded by this. */
  int yes;

  int no;
  int left;

  private Poll(int replicas, int majority) {
    this.left = replicas;
    this.majority = majority;
  }

  /** A set is done when a majority has it, and was the first if it was so in a majority. */
  static final class OfSet extends Poll {
    private final long mostNanos;

    OfSet(int replicas, int majority) {
      this(
          replicas,
          majority,
          replicas == 1 ? Long.MAX_VALUE : ReplicatedStore.MOST_SET_TIME.toNanos());
    }

    OfSet(int replicas, int majority, long mostNanos) {
      super(replicas, majority);
      this.mostNanos = mostNanos;
    }

    @Override
    boolean isLate(long nanos) {
      return nanos > mostNanos;
    }

    @Override
    @Nullable Boolean outcome() {
      return yes + no < majority ? null : yes >= majority;
    }

    @Override
    boolean isHopeless() {
      return yes + no + left < majority;
    }
  }

  /** An event is set if any replica has it, and unset if a majority says so. */
  static final class OfLook extends Poll {
    OfLook(int replicas, int majority) {
      super(replicas, majority);
    }

    @Override
    @Nullable Boolean outcome() {
      return yes > 0 ? Boolean.TRUE : no >= majority ? Boolean.FALSE : null;
    }

    /** A replica that counts in no majority may still have the event. */
    @Override
    boolean isHopeless() {
      return left == 0;
    }
  }

  /** The outcome as far as it is sure; null while it isn't. */
  abstract @Nullable Boolean outcome();

  /** True if no further answer can make the outcome sure. */
  abstract boolean isHopeless();

  /** True if a vote that came after so long doesn't count. */
  boolean isLate(long nanos) {
    return false;
  }

  /** Takes the vote of one replica, once it has come. */
  final void take(CompletionStage<Vote> vote) {
    vote.whenComplete(this::count);
  }

  private void count(@Nullable Vote said, @Nullable Throwable failure) {
    Vote vote = isLate(System.nanoTime() - begun) ? null : said;
    Boolean outcome;
    boolean hopeless;
    synchronized (this) {
      left--;
      yes += vote == Vote.YES ? 1 : 0;
      no += vote == Vote.NO ? 1 : 0;
      outcome = outcome();
      hopeless = outcome == null && isHopeless();
    }
    if (outcome != null) {
      complete(outcome);
    } else if (hopeless) {
      completeExceptionally(new StoreException("the store can't be reached now; try again"));
    }
  }
}
