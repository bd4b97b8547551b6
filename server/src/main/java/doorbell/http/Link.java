package doorbell.http;

/** One event of a {@link Wait}. */
final class Link extends LoopWaiter {
  final Wait wait;
  final Request.Event event;

  /** The event is known to be set. */
  boolean set;

  Link(Wait wait, Request.Event event) {
    this.wait = wait;
    this.event = event;
  }

  @Override
  Loop loop() {
    return wait.exchange.loop;
  }

  @Override
  void onWake() {
    wait.onWake(this);
  }
}
