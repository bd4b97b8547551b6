package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** One set, or a bulk of them, from the wake of the waiters to the store's answer. */
final class Setting implements Pending {
  private final Connection connection;
  private final Request request;
  private final List<EventId> ids;
  private CompletableFuture<Integer> stored = new CompletableFuture<>();

  /** Checks the keys, before anything is set. */
  Setting(Connection connection, Request request, String body) throws Refused {
    this.connection = connection;
    this.request = request;
    this.ids = isBulk() ? Bulk.parse(body) : List.of(one(request, body.trim()));
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

  @Override
  public void begin() {
    EventTable table = connection.node.table();
    List<CompletableFuture<Boolean>> sets =
        ids.stream().map(id -> table.set(id, request.millis()).toCompletableFuture()).toList();
    stored =
        CompletableFuture.allOf(sets.toArray(CompletableFuture<?>[]::new))
            .thenApply(all -> (int) sets.stream().filter(CompletableFuture::join).count());
    if (!stored.isDone()) {
      stored.whenComplete(
          (first, failure) -> connection.loop.events.execute(() -> connection.onDecided(this)));
    }
  }

  @Override
  public boolean isDecided() {
    return stored.isDone();
  }

  @Override
  public long holdMillis() {
    return Limits.SET_MILLIS;
  }

  @Override
  public ByteBuf end() {
    Replies replies = connection.loop.replies;
    if (!stored.isDone()) {
      return problem("the store is slow; the set may be kept all the same: set it again");
    }
    try {
      int first = stored.join();
      return isBulk()
          ? replies.stored(first, ids.size() - first, connection.after())
          : replies.stored(first == 1, connection.after());
    } catch (CompletionException failure) {
      return problem(Refused.sentence(failure));
    }
  }

  private ByteBuf problem(String sentence) {
    return connection.loop.replies.problem(
        Refused.forNow(503, sentence), false, connection.after());
  }

  /** What was begun is stored all the same. */
  @Override
  public void abandon() {}
}
