package doorbell.event;

import doorbell.count.Histogram;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The store remembers sets of events. Any thread may call any method, and no method but {@link
 * #close} blocks; a stage may be complete on return, or complete later on a thread of the store.
 *
 * <p>A set that was acknowledged is remembered for at least the time that the store was made with,
 * and then forgotten.
 */
public interface SetStore extends AutoCloseable {
  /** Answers that need no waiting. Nobody can complete or change these stages. */
  CompletionStage<Boolean> YES = CompletableFuture.completedStage(true);

  CompletionStage<Boolean> NO = CompletableFuture.completedStage(false);

  /**
   * Tells if {@code id} is set: true from the moment that {@link #set} for the id completes, at the
   * latest. Fails with {@link StoreException} when the store can't tell.
   */
  CompletionStage<Boolean> isSet(EventId id);

  /**
   * The answer of a store that isn't open yet to {@link #isSetOrLater}: not known. It is another
   * than {@link #NO}.
   */
  CompletionStage<Boolean> LATER = CompletableFuture.completedStage(false);

  /**
   * As {@link #isSet}, for a waiter that is linked: a store that isn't open yet says {@link
   * #LATER}, and {@link EventTable#lookUpAll} follows when it is.
   */
  default CompletionStage<Boolean> isSetOrLater(EventId id) {
    return isSet(id);
  }

  /**
   * Sets {@code id}. Completes when the store's promise holds: true for one of all calls for an id,
   * however many run at once, false for the others. Fails with {@link StoreException} when the set
   * could not be kept; the caller may then try again. A failed set may turn out to be kept all the
   * same, so the next call may hear false though no call heard true.
   */
  default CompletionStage<Boolean> set(EventId id) {
    CompletionStage<Boolean> set = setSoon(id, false);
    flush();
    return set;
  }

  /**
   * Sets {@code id} as {@link #set} does, but may put the write off until {@link #flush}: a crowd's
   * sets are one write.
   *
   * @param isNew {@link #isSet} said {@link #NO} to the id, and nobody has set the id since, so the
   *     store need not look; never true for a {@link SharedStore}
   */
  CompletionStage<Boolean> setSoon(EventId id, boolean isNew);

  /** Writes all sets that were put off. */
  default void flush() {}

  /** Number of sets that the store was given and has not answered. */
  default int queued() {
    return 0;
  }

  /** The times that sets take in the store once a writer has them; null for a store without one. */
  default @Nullable Histogram times() {
    return null;
  }

  /** Number of files that the store may open beside the files that are open now. */
  default int moreFiles() {
    return 0;
  }

  /** Completes all accepted sets, then releases files and threads. May block. */
  @Override
  void close();
}
