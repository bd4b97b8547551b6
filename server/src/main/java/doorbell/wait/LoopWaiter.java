package doorbell.wait;

import doorbell.event.EventId;
import doorbell.event.Waiter;
import doorbell.io.Endpoint;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A waiter that belongs to a loop: woken on the setter's thread, told on the loop's thread. */
public abstract class LoopWaiter extends Waiter {
  /** The next waiter in {@link Wakeups}. */
  @Nullable LoopWaiter nextWoken;

  public LoopWaiter(EventId id) {
    super(id);
  }

  /** The wake queue of the waiter's loop. */
  protected abstract Wakeups wakeups();

  /** The endpoint of the client that waits. */
  protected abstract Endpoint endpoint();

  /** The event was set while this waiter was linked. An exception ends this client alone. */
  protected abstract void onWake();

  /** A waiter of an ended loop can't be told, and counts as gone. */
  @Override
  protected final void wake() {
    try {
      wakeups().add(this);
    } catch (RejectedExecutionException loopHasEnded) {
      // The node tells of the end.
    }
  }
}
