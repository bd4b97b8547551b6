package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.Waiter;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A waiter that belongs to a loop: woken on the setter's thread, it hears of it on its own. */
abstract class LoopWaiter extends Waiter {
  /** The next one of {@link Wakeups}. */
  @Nullable LoopWaiter nextWoken;

  LoopWaiter(EventId id) {
    super(id);
  }

  abstract Loop loop();

  /** Whose wait it is. */
  abstract Endpoint endpoint();

  /** The event was set while this was linked. What it throws ends its client alone. */
  abstract void onWake();

  /** One whose loop has ended can't be told, and is as one who left. */
  @Override
  protected final void wake() {
    try {
      loop().wakeups.add(this);
    } catch (RejectedExecutionException loopHasEnded) {
      // The node says so itself.
    }
  }
}
