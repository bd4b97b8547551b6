package doorbell.store.replica;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One of the stores that a {@link ReplicatedStore} merges. Any thread may call any method, and none
 * but {@link #close} blocks; each stage ends within a bounded time, with a failure where the
 * replica doesn't answer.
 */
public interface Replica extends AutoCloseable {
  /** What a replica says to a set or a look. */
  enum Vote {
    /** To a set: it is the first here. To a look: the event is set. */
    YES,

    /** To a set: the event was set here before. To a look: the event is not set here. */
    NO,

    /**
     * The same, of a replica that may have lost sets: it has what is set from now on, and counts in
     * no majority.
     */
    UNFILLED
  }

  /**
   * Tells if {@code id} is set here; {@link Vote#YES} also of a replica that may have lost sets.
   */
  CompletionStage<Vote> look(EventId id);

  /** Sets {@code id}, and tells all nodes; may be put off until {@link #flush}. */
  CompletionStage<Vote> set(EventId id, long spreadMillis);

  /** Sends all that was put off. */
  void flush();

  /** Number of sets that have no answer yet. */
  int queued();

  /**
   * Begins to work; the listener hears of all sets from then on, and of each gap. Completes when it
   * can be counted on, or is known not to be for now. Fails with a sentence if waiting won't help.
   */
  CompletionStage<Void> start(SharedStore.Listener listener);

  /** The name for who runs the node. */
  String name();

  /** The reason that this replica can't be counted on now, as a sentence; null if it can. */
  @Nullable String fault();

  /** Has all that was accepted answered, then ends. Blocks. */
  @Override
  void close();
}
