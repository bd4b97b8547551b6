package doorbell.http;

import org.jspecify.annotations.Nullable;

/**
 * What has to be looked at again at some time: it is itself the link of {@link Deadlines}, where
 * everything of a loop stands that a node which goes down must see to. Belongs to its loop's
 * thread.
 */
abstract class Deadline {
  static final long NO_DEADLINE = Long.MAX_VALUE;

  long deadline = NO_DEADLINE;
  @Nullable Deadline earlier;
  @Nullable Deadline later;

  /** What carries its client's bytes. */
  public abstract Endpoint endpoint();

  /** The time has come; it has no deadline any more. */
  abstract void onDeadline();

  /** Whether it holds waits. */
  boolean isParked() {
    return false;
  }

  /** The node goes down: parked waits are answered, if only with "ask again". */
  void drain() {}

  /** Closes when all that was answered is sent. */
  abstract void close();
}
