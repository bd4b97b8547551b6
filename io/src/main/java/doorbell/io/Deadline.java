package doorbell.io;

import org.jspecify.annotations.Nullable;

/**
 * Something with a time-out. A deadline is itself the link of {@link Deadlines}, which is also the
 * list of all open connections of a loop. Belongs to its loop's thread.
 */
public abstract class Deadline {
  static final long NO_DEADLINE = Long.MAX_VALUE;

  long deadline = NO_DEADLINE;
  @Nullable Deadline earlier;
  @Nullable Deadline later;

  /** The endpoint of its client. */
  public abstract Endpoint endpoint();

  /** The time has come; there is no deadline any more. */
  protected abstract void onDeadline();

  /** Closes when all answers are sent. */
  public abstract void close();
}
