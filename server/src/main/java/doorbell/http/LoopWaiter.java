package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.Waiter;
import org.jspecify.annotations.Nullable;

/** A waiter that belongs to a loop: woken on the setter's thread, it hears of it on its own. */
abstract class LoopWaiter extends Waiter {
  /** The next one of {@link Wakeups}. */
  @Nullable LoopWaiter nextWoken;

  LoopWaiter(EventId id) {
    super(id);
  }

  abstract Loop loop();

  /** The event was set while this was linked. */
  abstract void onWake();

  @Override
  protected final void wake() {
    loop().wakeups.add(this);
  }
}
