package doorbell.wait;

import doorbell.event.EventId;
import doorbell.io.Endpoint;
import doorbell.io.Turns;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A look at events that are to be set, where a quota has room for few new ones: how many aren't set
 * yet. Comes before a {@link SetCall}, whose memory the budget has counted already.
 */
public abstract class SetLookup implements Pending, Turns.Taker {
  /** Events between two looks at the end of the turn. */
  private static final int LOOKS_BETWEEN = 16;

  private final Requester requester;
  private final List<EventId> ids;
  private int asked;
  private int left;
  private boolean abandoned;

  /** Events that aren't set, as far as the store has told. */
  protected int unset;

  /** The failure of a look, if the store can't tell. */
  protected @Nullable Throwable failure;

  /** Looks at events for which the budget has counted {@link SetCall#BYTES} each. */
  protected SetLookup(Requester requester, List<EventId> ids) {
    this.requester = requester;
    this.ids = ids;
    this.left = ids.size();
  }

  @Override
  public final void begin() {
    onTurn();
  }

  /** Asks for as many events as a turn is enough for. */
  @Override
  public final void onTurn() {
    WaitLoop waits = requester.waits();
    while (!abandoned && asked < ids.size()) {
      waits.hear(endpoint(), waits.isSet(ids.get(asked++)), this::onLooked);
      if (asked % LOOKS_BETWEEN == 0 && asked < ids.size() && waits.io.turns.isOver()) {
        waits.io.turns.ask(this);
        return;
      }
    }
  }

  @Override
  public final Endpoint endpoint() {
    return requester.endpoint();
  }

  private void onLooked(@Nullable Boolean found, @Nullable Throwable cause) {
    left--;
    unset += Boolean.TRUE.equals(found) ? 0 : 1;
    failure = cause == null ? failure : cause;
    if (isDecided()) {
      requester.onDecided(this);
    }
  }

  @Override
  public final boolean isDecided() {
    return left == 0;
  }

  @Override
  public final void onDeadline() {
    requester.onDecided(this);
  }

  /** Nothing is set: the memory of the sets is given back. */
  @Override
  public final void abandon() {
    abandoned = true;
    requester.waits().io.budget.count(-(long) SetCall.BYTES * ids.size());
  }

  @Override
  public final int cancelCost() {
    return SetCall.cost(ids.size());
  }
}
