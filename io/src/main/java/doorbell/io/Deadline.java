package doorbell.io;

import org.jspecify.annotations.Nullable;

/**
 * Something with a timeout: a link of the timer wheel {@link Deadlines}, which is also the list of
 * all open connections of a loop. Belongs to the loop's thread.
 */
public abstract class Deadline {
  static final long NO_DEADLINE = Long.MAX_VALUE;

  long deadline = NO_DEADLINE;
  @Nullable Deadline earlier;
  @Nullable Deadline later;

  /** The endpoint of the client. */
  public abstract Endpoint endpoint();

  /** The deadline has come, and is not set any more. */
  protected abstract void onDeadline();

  /** Closes the connection or stream when all answers are sent. */
  public abstract void close();
}
