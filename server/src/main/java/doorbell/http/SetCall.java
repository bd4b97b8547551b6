package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One set, or a bulk of them, from the wake of the waiters to the store's answer. */
final class SetCall implements Pending, Turns.Taker {
  /** How often it is asked whether the turn is over. */
  private static final int SETS_BETWEEN_LOOKS = 16;

  private final Exchange exchange;
  private final Request request;
  private final List<EventId> ids;
  private int asked;
  private int left;
  private int firsts;
  private @Nullable Throwable failure;

  /** Everything was asked of the store, and those who were woken here have their answers. */
  private boolean begun;

  /** What they take on their way to the store, as the budget counts it. */
  private final long held;

  /** Throws what the budget says; nothing is set then. */
  SetCall(Exchange exchange, Request request, List<EventId> ids) throws HttpError {
    this.exchange = exchange;
    this.request = request;
    this.ids = ids;
    this.left = ids.size();
    this.held = (long) Memory.SET * left;
    exchange.node.budget().take(held);
  }

  private boolean isBulk() {
    return request.what() == Request.What.SET_MANY;
  }

  /** Those who wait on the same loop have their answers before the setter has its own. */
  @Override
  public void begin() {
    onTurn();
  }

  /** Sets as many as a turn is enough for. */
  @Override
  public void onTurn() {
    EventTable table = exchange.node.table();
    do {
      EventId id = ids.get(asked++);
      exchange.loop.hear(exchange.endpoint(), table.set(id, request.millis()), this::onStored);
    } while (asked < ids.size()
        && !(asked % SETS_BETWEEN_LOOKS == 0 && exchange.loop.turns.isOver()));
    exchange.loop.wakeBefore(exchange.endpoint(), this::onWoken);
  }

  @Override
  public Endpoint endpoint() {
    return exchange.endpoint();
  }

  private void onWoken() {
    begun = asked == ids.size();
    if (isDecided()) {
      exchange.onDecided(this);
      return;
    }
    exchange.loop.flushSoon(exchange.node.table());
    if (!begun) {
      exchange.loop.turns.ask(this);
    }
  }

  /** One of them is stored, or couldn't be. */
  private void onStored(@Nullable Boolean first, @Nullable Throwable cause) {
    left--;
    if (left == 0) {
      exchange.node.budget().count(-held);
    }
    failure = cause == null ? failure : cause;
    firsts += Boolean.TRUE.equals(first) ? 1 : 0;
    if (isDecided()) {
      exchange.onDecided(this);
    }
  }

  @Override
  public boolean isDecided() {
    return begun && left == 0;
  }

  @Override
  public void onDeadline() {
    exchange.onDecided(this);
  }

  @Override
  public void end() {
    if (!isDecided()) {
      fail("the store is slow; the set may be kept all the same: set it again");
    } else if (failure != null) {
      fail(HttpError.sentence(failure));
    } else if (isBulk()) {
      exchange.answer(Response.stored(firsts, ids.size() - firsts));
    } else {
      exchange.answer(firsts == 1 ? Response.FIRST : Response.ALREADY);
    }
  }

  private void fail(String sentence) {
    exchange.answer(Response.problem(HttpError.forNow(503, sentence), false));
  }

  /** What was begun is stored all the same. */
  @Override
  public void abandon() {}

  @Override
  public int cancelCost() {
    return Limits.SET_COST + ids.size() / Limits.IDS_PER_COST;
  }
}
