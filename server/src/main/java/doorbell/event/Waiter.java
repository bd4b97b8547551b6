package doorbell.event;

import org.jspecify.annotations.Nullable;

/**
 * Somebody who waits for one event variable: a link in that variable's ring, so that joining and
 * leaving cost the same for one waiter as for a million; who waits alone stands for the variable,
 * too. Told at most once, and used for one wait only: while a crowd is being told, the links of
 * those who were told lead on.
 *
 * <p>The fields belong to the variable, under its lock, while the waiter is linked.
 */
public abstract class Waiter extends EventTableShard.Entry {
  /** Null if it isn't linked, or was told; {@link EventVariable#NONE} while it waits alone. */
  @Nullable EventVariable variable;

  /**
   * The store was asked since this was linked, and said no. Not under the lock: who doesn't see it
   * yet has the store look once more.
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
