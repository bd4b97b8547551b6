package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import java.net.InetAddress;
import java.time.Duration;
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
class Wait implements Pending {
  final Exchange exchange;
  final Request request;
  final Link[] links;

  /** How many of them the store has still to tell of. */
  int looking;

  /** How many of them are known to be set. */
  int set;

  @Nullable Refused failure;
  private boolean parked;
  private @Nullable InetAddress place;

  Wait(Exchange exchange, Request request) {
    this.exchange = exchange;
    this.request = request;
    this.links = new Link[request.events().size()];
    for (int i = 0; i < links.length; i++) {
      links[i] = new Link(this, request.events().get(i));
    }
  }

  /** Links itself to its events first and looks second: so it sees a set, or the set sees it. */
  @Override
  public void begin() {
    EventTable table = exchange.node.table();
    looking = links.length;
    for (Link link : links) {
      EventId id = link.event.id();
      exchange.loop.hear(
          request.onlyAsks() ? table.isSet(id) : table.wait(id, link),
          (found, cause) -> looked(link, found, cause));
    }
    if (!isDecided()) {
      park();
    }
  }

  private void looked(Link link, @Nullable Boolean found, @Nullable Throwable cause) {
    looking--;
    if (cause != null) {
      failure = Refused.forNow(503, Refused.sentence(cause));
    } else if (Boolean.TRUE.equals(found) && !link.set) {
      link.set = true;
      set++;
    }
    onLooked();
  }

  /** One of its events was looked at. */
  void onLooked() {
    if (isDecided()) {
      exchange.onDecided(this);
    }
  }

  private void park() {
    try {
      place = exchange.node.room().addressOf(exchange.wire());
      exchange.node.room().enter(place);
      parked = true;
    } catch (Refused refused) {
      failure = refused;
    }
  }

  /** An event of it was set while it was linked. */
  void onWake(Link link) {
    exchange.onDecided(this);
  }

  @Override
  public boolean isDecided() {
    return looking == 0 && (set > 0 || !mayPark());
  }

  final boolean mayPark() {
    return !request.onlyAsks() && !exchange.loop.isDraining() && failure == null;
  }

  /** One that only asks is held for the store's answer, not for a set. */
  @Override
  public long holdMillis() {
    Duration max = exchange.node.options().maxWait();
    if (request.onlyAsks()) {
      return Limits.SET_MILLIS;
    }
    boolean forever = request.millis() == Request.FOREVER;
    return forever ? max.toMillis() : Math.min(request.millis(), max.toMillis());
  }

  @Override
  public void onDeadline() {
    exchange.onDecided(this);
  }

  @Override
  public void end() {
    List<Request.Event> found = new ArrayList<>(1);
    for (Link link : links) {
      if (leave(link)) {
        found.add(link.event);
      }
    }
    leaveRoom();
    if (!found.isEmpty()) {
      exchange.answer(Reply.set(request, found));
    } else if (failure != null) {
      exchange.answer(Reply.problem(failure, request.head()));
    } else {
      exchange.answer(Reply.NOT_SET);
    }
  }

  @Override
  public final void abandon() {
    for (Link link : links) {
      leave(link);
    }
    leaveRoom();
  }

  /** Leaves an event, and answers whether it is set. */
  final boolean leave(Link link) {
    boolean told = !request.onlyAsks() && exchange.node.table().leave(link);
    return told || link.set;
  }

  final void leaveRoom() {
    if (parked) {
      exchange.node.room().leave(place);
    }
  }
}
