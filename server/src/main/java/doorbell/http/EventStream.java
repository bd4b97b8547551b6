package doorbell.http;

import doorbell.wait.WaitLink;
import org.jspecify.annotations.Nullable;

/**
 * A wait answered by a stream of server-sent events (see the HTML standard, "Server-sent events"),
 * one for each id that is set. The stream ends when all ids are set.
 *
 * <pre>
 * looking --all looked at--> open --all are set, hold over, drain--> ended
 *    +--a store failed, no room: an error instead
 * </pre>
 */
final class EventStream extends HttpWait {
  private static final String COMMENT = ":\n\n";

  private final int events;
  private long leftMillis;
  private boolean open;

  /**
   * Ids of all sets that the client was told of, in earlier streams too: the {@code id} of an
   * event.
   */
  private String told;

  EventStream(Exchange exchange, Request request, long holdMillis) {
    super(exchange, request, holdMillis);
    events = request.events().size();
    leftMillis = holdMillis;
    told = request.told();
  }

  @Override
  public void begin() {
    super.begin();
    openIfLooked();
  }

  @Override
  protected void onLooked() {
    if (exchange.pending == this) {
      super.onLooked();
      openIfLooked();
    }
  }

  /** A comment follows the head if no event is set yet: proxies hold back a bare head. */
  private void openIfLooked() {
    if (!open && looking == 0 && !isDecided()) {
      open();
      if (known == 0) {
        exchange.send(COMMENT);
      }
    }
  }

  private void open() {
    open = true;
    exchange.open(form.head());
    for (WaitLink link = this; link != null; link = link.other) {
      if (link.set) {
        tell(link);
      }
    }
  }

  private void tell(WaitLink link) {
    String id = link.name().text();
    told = told.isEmpty() ? id : told + "," + id;
    exchange.send("event: set\ndata: " + id + "\nid: " + told + "\n\n");
  }

  @Override
  protected void onWake(WaitLink link) {
    if (exchange.pending == this && !link.set) {
      link.set = true;
      known++;
      if (open) {
        tell(link);
      }
      super.onLooked();
    }
  }

  /** All events are set, or no wait may be parked. */
  @Override
  public boolean isDecided() {
    return looking == 0 && (known == events || !mayPark());
  }

  @Override
  protected long leftMillis() {
    return leftMillis - nextMillis() + super.leftMillis();
  }

  /** The next part of the hold; comments in between keep proxies open and find dead clients. */
  long nextMillis() {
    return Math.min(leftMillis, HttpLimits.EVENTS_SILENCE_MILLIS);
  }

  @Override
  public void onDeadline() {
    leftMillis -= nextMillis();
    if (leftMillis <= 0) {
      super.onDeadline();
      return;
    }
    if (open && exchange.isSent()) {
      exchange.send(COMMENT);
    }
    exchange.waits().io.deadlines.set(exchange, nextMillis());
  }

  @Override
  public void end() {
    boolean wasOpen = open;
    for (WaitLink link = this; link != null; link = link.other) {
      if (leave(link) && !link.set) {
        link.set = true;
        known++;
        if (wasOpen) {
          tell(link);
        }
      }
    }
    release();
    @Nullable Throwable doubt = doubt();
    if (!wasOpen && known == 0 && doubt != null) {
      exchange.answer(Response.problem(exchange.errorOf(doubt), form.head()));
      return;
    }
    if (!wasOpen) {
      open();
    }
    exchange.endStream();
  }
}
