package doorbell.event;

import org.jspecify.annotations.Nullable;

/**
 * A waiter for one event variable: a link in the variable's ring, so that joining and leaving cost
 * the same for one waiter as for a million. A waiter that waits alone stands for the variable, too.
 * A waiter is told at most once, and used for one wait only: while a crowd is being told, the links
 * of waiters that were told lead on.
 *
 * <p>The fields belong to the variable, under its lock, while the waiter is linked.
 */
public abstract class Waiter extends EventTableShard.Entry {
  /** Null if not linked, or if told; {@link EventVariable#NONE} while this waiter waits alone. */
  @Nullable EventVariable variable;

  /**
   * The store was asked since this waiter was linked, and said no. Written without the lock: a
   * setter that doesn't see the answer yet has the store look once more.
   */
  boolean foundUnset;

  @Nullable Waiter previous;
  @Nullable Waiter next;

  /** Waits for {@code id}. */
  protected Waiter(EventId id) {
    super(id);
  }

  public final EventId id() {
    return id;
  }

  /**
   * The event was set. Called at most once, on the setter's thread, outside all locks; must not
   * block and must not throw.
   */
  protected abstract void wake();
}
