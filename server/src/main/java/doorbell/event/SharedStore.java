package doorbell.event;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A store that several nodes share: sets come from elsewhere, too, and may be missed. An id that
 * was unset a moment ago may be set by now, so a set is never called new here.
 */
public interface SharedStore extends SetStore {
  /** Hears of sets that other nodes made. Called on threads of the store; must not block. */
  interface Listener {
    /** The event was set, perhaps here; its waiters are to be told within {@code spreadMillis}. */
    void onSet(EventId id, long spreadMillis);

    /** Sets may have been missed: each id that is waited for has to be looked up again. */
    void onGap();
  }

  /**
   * A part of the store, as who runs the node sees it.
   *
   * @param fault the reason that it doesn't count now, as a sentence; null if it does
   */
  record Member(String name, @Nullable String fault) {}

  /** Names the listener, once, before any other call. */
  void listen(Listener listener);

  /**
   * Looks {@code id} up for a waiter that is linked. False also where the store can't tell: the id
   * is looked up again later.
   */
  CompletionStage<Boolean> lookUp(EventId id);

  /**
   * Sets {@code id}, as {@link #setSoon(EventId, boolean)} does; other nodes tell their waiters
   * within {@code spreadMillis}.
   */
  CompletionStage<Boolean> setSoon(EventId id, long spreadMillis);

  @Override
  default CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    return setSoon(id, 0L);
  }

  /** Has other nodes tell the waiters of a set event faster than they were told to. */
  void hasten(EventId id, long spreadMillis);

  /** Time within which each id that is waited for is looked up again. */
  Duration sweepTime();

  /** True once the store was closed. */
  boolean isClosed();

  /** The parts of the store, in a fixed order. */
  List<Member> members();

  /** The reason that this node should get no requests now; null if it should. Any thread. */
  @Nullable String fault();
}
