package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One set, or a bulk of them, from the wake of the waiters to the store's answer. */
final class Setting implements Pending {
  private final Connection connection;
  private final Request request;
  private final List<EventId> ids;
  private final AtomicInteger left;
  private final AtomicInteger firsts = new AtomicInteger();
  private volatile @Nullable Throwable failure;

  /** Everything was asked of the store: what comes now comes late. */
  private boolean begun;

  /** Checks the keys, before anything is set. */
  Setting(Connection connection, Request request, String body) throws Refused {
    this.connection = connection;
    this.request = request;
    this.ids = isBulk() ? Bulk.parse(body) : List.of(one(request, body.trim()));
    this.left = new AtomicInteger(ids.size());
  }

  private static EventId one(Request request, String key) throws Refused {
    EventId id = request.events().get(0).id();
    if (id instanceof EventId.Sealed sealed && !sealed.isOpenedBy(key)) {
      throw new Refused(403, "the id is sealed, and the body is not its key");
    }
    return id;
  }

  private boolean isBulk() {
    return request.what() == Request.What.SET_MANY;
  }

  /** Those who wait on the same loop have their answers before the setter has its own. */
  @Override
  public void begin() {
    EventTable table = connection.node.table();
    for (EventId id : ids) {
      table.set(id, request.millis()).whenComplete(this::onStored);
    }
    begun = true;
    connection.loop.wakeups.run();
  }

  /** One of them is stored, or couldn't be. Called on any thread. */
  private void onStored(@Nullable Boolean first, @Nullable Throwable cause) {
    if (cause != null) {
      failure = cause;
    } else if (Boolean.TRUE.equals(first)) {
      firsts.incrementAndGet();
    }
    EventLoop events = connection.loop.events;
    if (left.decrementAndGet() == 0 && (!events.inEventLoop() || begun)) {
      events.execute(() -> connection.onDecided(this));
    }
  }

  @Override
  public boolean isDecided() {
    return left.get() == 0;
  }

  @Override
  public long holdMillis() {
    return Limits.SET_MILLIS;
  }

  @Override
  public ByteBuf end() {
    if (!isDecided()) {
      return problem("the store is slow; the set may be kept all the same: set it again");
    }
    if (failure != null) {
      return problem(Refused.sentence(failure));
    }
    Replies replies = connection.loop.replies;
    int first = firsts.get();
    return isBulk()
        ? replies.stored(first, ids.size() - first, connection.after())
        : replies.stored(first == 1, connection.after());
  }

  private ByteBuf problem(String sentence) {
    return connection.loop.replies.problem(
        Refused.forNow(503, sentence), false, connection.after());
  }

  /** What was begun is stored all the same. */
  @Override
  public void abandon() {}
}
