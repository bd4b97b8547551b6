package doorbell.http;

import doorbell.event.Waiter;
import org.jspecify.annotations.Nullable;

/**
 * One event of a {@link Wait}. Woken on the setter's thread; all else belongs to the wait's loop.
 */
final class Link extends Waiter {
  final Wait wait;
  final Request.Event event;

  /** The event is known to be set. */
  boolean set;

  /** The next one of {@link Wakeups}. */
  @Nullable Link nextWoken;

  Link(Wait wait, Request.Event event) {
    this.wait = wait;
    this.event = event;
  }

  @Override
  protected void wake() {
    wait.wakeups().add(this);
  }
}
