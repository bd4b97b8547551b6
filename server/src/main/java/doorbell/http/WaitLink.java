package doorbell.http;

import org.jspecify.annotations.Nullable;

/**
 * One event of a {@link Wait}. That of its first event is the wait itself, and most have no other.
 */
abstract class WaitLink extends LoopWaiter {
  private final @Nullable String spelling;

  /** That of the wait's next event. */
  @Nullable WaitLink other;

  /** The event is known to be set. */
  boolean set;

  WaitLink(Request.Event event) {
    super(event.id());
    this.spelling = event.spelling();
  }

  final Request.Event event() {
    return new Request.Event(id(), spelling);
  }

  abstract Wait ofWait();

  @Override
  final Loop loop() {
    return ofWait().exchange.loop;
  }

  @Override
  final Endpoint endpoint() {
    return ofWait().exchange.endpoint();
  }

  @Override
  final void onWake() {
    ofWait().onWake(this);
  }
}
