package doorbell.event;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Remembers which events are set. All methods may be called from any thread and never block it; a
 * stage may be complete before it is returned, or complete later on a thread of the store's.
 *
 * <p>A set that was acknowledged is remembered for at least the time that the store was made with,
 * and then forgotten.
 */
public interface SetStore extends AutoCloseable {
  /** The answers that need no waiting. Nobody can complete or change them. */
  CompletionStage<Boolean> YES = CompletableFuture.completedStage(true);

  CompletionStage<Boolean> NO = CompletableFuture.completedStage(false);

  /**
   * Whether {@code id} is set. True from the moment that {@link #set} for it completes, at the
   * latest. Fails with {@link StoreException} when the store can't tell.
   */
  CompletionStage<Boolean> isSet(EventId id);

  /**
   * Sets {@code id} for good. Completes when the store's promise holds: true for one of all calls
   * for an id, however many run at once, false for the others. Fails with {@link StoreException}
   * when the set could not be kept; it may then be tried again. What failed may turn out to be set
   * all the same, so the next call may hear false though none heard true.
   */
  default CompletionStage<Boolean> set(EventId id) {
    CompletionStage<Boolean> set = setSoon(id, false);
    flush();
    return set;
  }

  /**
   * As {@link #set}, but may put it off until {@link #flush}: a crowd's sets are one write.
   *
   * @param isNew {@link #isSet} said {@link #NO} to the id, and nobody has set it since, so the
   *     store need not look
   */
  CompletionStage<Boolean> setSoon(EventId id, boolean isNew);

  /** Sets what was put off. */
  default void flush() {}

  /** How many files it may open beside those that it has. */
  default int moreFiles() {
    return 0;
  }

  /** Completes what was accepted, then releases files and threads. May block. */
  @Override
  void close();
}
