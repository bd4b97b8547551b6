package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One wait of one connection, for any of several events.
 *
 * <pre>
 * begun: linked to its events, then looking --looked, none set--> parked
 *   +--one is set, or nobody can tell--> ended <--wake, deadline, hang-up, drain--+
 * </pre>
 */
final class Wait implements Pending {
  private final Connection connection;
  private final Request request;
  private final Link[] links;
  private int looking;
  private boolean set;
  private boolean parked;
  private @Nullable InetAddress place;
  private @Nullable Refused failure;

  Wait(Connection connection, Request request) {
    this.connection = connection;
    this.request = request;
    this.links = new Link[request.events().size()];
    for (int i = 0; i < links.length; i++) {
      links[i] = new Link(this, request.events().get(i));
    }
  }

  Wakeups wakeups() {
    return connection.loop.wakeups;
  }

  /** Links itself to its events first and looks second: so it sees a set, or the set sees it. */
  @Override
  public void begin() {
    looking = links.length;
    for (Link link : links) {
      look(
          link,
          request.onlyAsks()
              ? connection.node.table().isSet(link.event.id())
              : connection.node.table().wait(link.event.id(), link));
    }
    if (!isDecided()) {
      park();
    }
  }

  private void look(Link link, CompletionStage<Boolean> look) {
    EventLoop events = connection.loop.events;
    look.whenComplete(
        (found, cause) -> {
          if (events.inEventLoop()) {
            looked(link, found, cause);
          } else {
            events.execute(() -> looked(link, found, cause));
          }
        });
  }

  private void looked(Link link, @Nullable Boolean found, @Nullable Throwable cause) {
    looking--;
    if (cause != null) {
      failure = Refused.forNow(503, Refused.sentence(cause));
    } else if (Boolean.TRUE.equals(found)) {
      link.set = true;
      set = true;
    }
    if (isDecided()) {
      connection.onDecided(this);
    }
  }

  private void park() {
    try {
      place = connection.node.room().enter(connection);
      parked = true;
    } catch (Refused refused) {
      failure = refused;
    }
  }

  /** An event of it was set while it was linked. */
  void onWake() {
    connection.onDecided(this);
  }

  @Override
  public boolean isDecided() {
    boolean mayPark = !request.onlyAsks() && !connection.loop.isDraining() && failure == null;
    return looking == 0 && (set || !mayPark);
  }

  /** One that only asks is held for the store's answer, not for a set. */
  @Override
  public long holdMillis() {
    Duration max = connection.node.options().maxWait();
    if (request.onlyAsks()) {
      return Limits.SET_MILLIS;
    }
    boolean forever = request.millis() == Request.FOREVER;
    return forever ? max.toMillis() : Math.min(request.millis(), max.toMillis());
  }

  @Override
  public ByteBuf end() {
    List<Request.Event> found = leave();
    Replies replies = connection.loop.replies;
    if (!found.isEmpty()) {
      return replies.set(request, found, connection.after());
    }
    return failure == null
        ? replies.notSet(connection.after())
        : replies.problem(failure, request.head(), connection.after());
  }

  @Override
  public void abandon() {
    leave();
  }

  /** Leaves all its events, and answers which of them are set. */
  private List<Request.Event> leave() {
    if (parked) {
      connection.node.room().leave(place);
    }
    List<Request.Event> found = new ArrayList<>(1);
    for (Link link : links) {
      boolean told = !request.onlyAsks() && connection.node.table().leave(link);
      if (told || link.set) {
        found.add(link.event);
      }
    }
    return found;
  }
}
