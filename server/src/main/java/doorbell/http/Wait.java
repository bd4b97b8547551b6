package doorbell.http;

import doorbell.event.EventTable;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One wait, for any of several events.
 *
 * <pre>
 * begun: linked to its events, then looking --looked, none set--> parked
 *   +--one is set, or nobody can tell--> ended <--wake, deadline, hang-up, drain--+
 * </pre>
 */
class Wait extends WaitLink implements Pending {
  final Exchange exchange;
  final Request.Form form;
  private final boolean onlyAsks;

  /** How many of them the store has still to tell of. */
  short looking;

  /** How many of them are known to be set. */
  short known;

  @Nullable HttpError failure;
  private boolean parked;
  private @Nullable InetAddress place;

  Wait(Exchange exchange, Request request) {
    super(request.events().get(0));
    this.exchange = exchange;
    this.form = request.form();
    this.onlyAsks = request.onlyAsks();
    this.looking = (short) request.events().size();
    WaitLink last = this;
    for (int i = 1; i < looking; i++) {
      last = last.other = new Further(request.events().get(i));
    }
  }

  private final class Further extends WaitLink {
    Further(Request.Event event) {
      super(event);
    }

    @Override
    Wait ofWait() {
      return Wait.this;
    }
  }

  @Override
  final Wait ofWait() {
    return this;
  }

  /** Links itself to its events first and looks second: so it sees a set, or the set sees it. */
  @Override
  public void begin() {
    EventTable table = exchange.node.table();
    for (WaitLink link = this; link != null; link = link.other) {
      WaitLink asked = link;
      exchange.loop.hear(
          exchange.endpoint(),
          onlyAsks ? table.isSet(link.id()) : table.wait(link),
          (found, cause) -> looked(asked, found, cause));
    }
    if (!isDecided()) {
      park();
    }
  }

  private void looked(WaitLink link, @Nullable Boolean found, @Nullable Throwable cause) {
    looking--;
    if (cause != null) {
      failure = HttpError.forNow(503, HttpError.sentence(cause));
    } else if (Boolean.TRUE.equals(found) && !link.set) {
      link.set = true;
      known++;
    }
    onLooked();
  }

  /** One of its events was looked at. */
  void onLooked() {
    if (isDecided()) {
      exchange.onDecided(this);
    }
  }

  /** Each of them has a place; counted anew, since a field would cost each wait. */
  private int ids() {
    int ids = 0;
    for (WaitLink link = this; link != null; link = link.other) {
      ids++;
    }
    return ids;
  }

  private void park() {
    try {
      place = exchange.node.quota().addressOf(exchange.endpoint());
      exchange.node.quota().acquire(place, ids());
      parked = true;
    } catch (HttpError refused) {
      failure = refused;
    }
  }

  /** An event of it was set while it was linked. */
  void onWake(WaitLink link) {
    exchange.onDecided(this);
  }

  @Override
  public boolean isDecided() {
    return looking == 0 && (known > 0 || !mayPark());
  }

  final boolean mayPark() {
    return !onlyAsks && !exchange.loop.isDraining() && !exchange.hasEnded() && failure == null;
  }

  @Override
  public void onDeadline() {
    exchange.onDecided(this);
  }

  @Override
  public void end() {
    List<Request.Event> found = new ArrayList<>(1);
    for (WaitLink link = this; link != null; link = link.other) {
      if (leave(link)) {
        found.add(link.event());
      }
    }
    leaveRoom();
    if (!found.isEmpty()) {
      exchange.answer(Response.set(form, found));
    } else if (failure != null) {
      exchange.answer(Response.problem(failure, form.head()));
    } else {
      exchange.answer(Response.NOT_SET);
    }
  }

  @Override
  public final void abandon() {
    for (WaitLink link = this; link != null; link = link.other) {
      leave(link);
    }
    leaveRoom();
  }

  @Override
  public final int cancelCost() {
    int ids = 0;
    for (WaitLink link = this; link != null; link = link.other) {
      ids++;
    }
    return Limits.CANCEL_COST + ids / Limits.IDS_PER_COST;
  }

  /** Leaves an event, and answers whether it is set. */
  final boolean leave(WaitLink link) {
    boolean told = !onlyAsks && exchange.node.table().leave(link);
    return told || link.set;
  }

  final void leaveRoom() {
    if (parked) {
      exchange.node.quota().release(place, ids());
    }
  }
}
