package doorbell.http;

/**
 * A wait that is answered by server-sent events, one for each of its ids as it is set; it ends when
 * all are. See the HTML standard, "Server-sent events".
 *
 * <pre>
 * looking --all looked at--> open --all are set, hold over, drain--> ended
 *    +--a store failed, no room: an error instead
 * </pre>
 */
final class EventStream extends Wait {
  private final int events;
  private long leftMillis;
  private boolean open;

  EventStream(Exchange exchange, Request request, long holdMillis) {
    super(exchange, request);
    events = request.events().size();
    leftMillis = holdMillis;
  }

  @Override
  public void begin() {
    super.begin();
    openIfLooked();
  }

  @Override
  void onLooked() {
    if (exchange.pending == this) {
      super.onLooked();
      openIfLooked();
    }
  }

  private void openIfLooked() {
    if (!open && looking == 0 && !isDecided()) {
      open();
    }
  }

  private void open() {
    open = true;
    exchange.open(form.head());
    for (Link link = this; link != null; link = link.other) {
      if (link.set) {
        tell(link);
      }
    }
  }

  private void tell(Link link) {
    exchange.send("event: set\ndata: " + link.event().text() + "\n\n");
  }

  @Override
  void onWake(Link link) {
    if (exchange.pending == this && !link.set) {
      link.set = true;
      known++;
      if (open) {
        tell(link);
      }
      super.onLooked();
    }
  }

  /** All are set, or nothing may be waited for. */
  @Override
  public boolean isDecided() {
    return looking == 0 && (known == events || !mayPark());
  }

  /** The next part of the hold: proxies and dead peers are spoken to in between. */
  long nextMillis() {
    return Math.min(leftMillis, Limits.EVENTS_SILENCE_MILLIS);
  }

  @Override
  public void onDeadline() {
    leftMillis -= nextMillis();
    if (leftMillis <= 0) {
      super.onDeadline();
      return;
    }
    if (open && exchange.wire().isWritable()) {
      exchange.send(":\n\n");
    }
    exchange.loop.deadlines.set(exchange, nextMillis());
  }

  @Override
  public void end() {
    boolean wasOpen = open;
    for (Link link = this; link != null; link = link.other) {
      if (leave(link) && !link.set) {
        link.set = true;
        known++;
        if (wasOpen) {
          tell(link);
        }
      }
    }
    leaveRoom();
    if (!wasOpen && known == 0 && failure != null) {
      exchange.answer(Reply.problem(failure, form.head()));
      return;
    }
    if (!wasOpen) {
      open();
    }
    exchange.end();
  }
}
