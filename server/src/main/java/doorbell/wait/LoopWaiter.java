package doorbell.wait;

import doorbell.event.EventId;
import doorbell.event.Waiter;
import doorbell.io.Endpoint;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A waiter that belongs to a loop: woken on the setter's thread, it hears of it on its own. */
public abstract class LoopWaiter extends Waiter {
  /** The next one of {@link Wakeups}. */
  @Nullable LoopWaiter nextWoken;

  public LoopWaiter(EventId id) {
    super(id);
  }

  /** The wake queue of its loop. */
  protected abstract Wakeups wakeups();

  /** Whose wait it is. */
  protected abstract Endpoint endpoint();

  /** The event was set while this was linked. What it throws ends its client alone. */
  protected abstract void onWake();

  /** One whose loop has ended can't be told, and is as one who left. */
  @Override
  protected final void wake() {
    try {
      wakeups().add(this);
    } catch (RejectedExecutionException loopHasEnded) {
      // The node says so itself.
    }
  }
}
