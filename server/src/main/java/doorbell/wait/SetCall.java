package doorbell.wait;

import doorbell.event.EventId;
import doorbell.io.Endpoint;
import doorbell.io.Turns;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A set, or a bulk of sets, from the wake of the waiters to the store's answer. */
public abstract class SetCall implements Pending, Turns.Taker {
  /** Memory of a set on its way to the store, in bytes. */
  public static final int BYTES = 256;

  /** Sets between two looks at the end of the turn. */
  private static final int SETS_BETWEEN_LOOKS = 16;

  /** Cost of a cancelled set: the store keeps a cancelled set all the same. */
  private static final int COST = 5;

  /** Further ids of a cancelled set that cost 1 more. */
  private static final int IDS_PER_COST = 16;

  private final Requester requester;
  private final List<EventId> ids;
  private final long spreadMillis;
  private int asked;
  private int left;

  /** Sets that were the first of an event. */
  public int firsts;

  /** The failure of a set that the store could not keep. */
  public @Nullable Throwable failure;

  /**
   * The store was asked for all sets, and waits that the sets woke here are answered, up to a pass.
   */
  private boolean begun;

  /**
   * Takes sets for which the budget has counted {@link #BYTES} each; the last answer gives these
   * bytes back.
   */
  public SetCall(Requester requester, List<EventId> ids, long spreadMillis) {
    this.requester = requester;
    this.ids = ids;
    this.spreadMillis = spreadMillis;
    this.left = ids.size();
  }

  /** The number of sets. */
  protected final int size() {
    return ids.size();
  }

  /**
   * Sets the events; woken waits of the same loop, up to a pass of wakes, are answered before the
   * setter.
   */
  @Override
  public final void begin() {
    onTurn();
  }

  /** Sets as many events as a turn is enough for. */
  @Override
  public final void onTurn() {
    WaitLoop waits = requester.waits();
    do {
      EventId id = ids.get(asked++);
      waits.hear(requester.endpoint(), waits.set(id, spreadMillis), this::onStored);
    } while (asked < ids.size() && !(asked % SETS_BETWEEN_LOOKS == 0 && waits.io.turns.isOver()));
    waits.wakeBefore(requester.endpoint(), this::onWoken);
  }

  @Override
  public final Endpoint endpoint() {
    return requester.endpoint();
  }

  private void onWoken() {
    begun = asked == ids.size();
    if (isDecided()) {
      requester.onDecided(this);
      return;
    }
    requester.waits().flushSoon();
    if (!begun) {
      requester.waits().io.turns.ask(this);
    }
  }

  /** A set is stored, or couldn't be. */
  private void onStored(@Nullable Boolean first, @Nullable Throwable cause) {
    left--;
    if (left == 0) {
      requester.waits().io.budget.count(-(long) BYTES * ids.size());
    }
    count(first, cause);
    failure = cause == null ? failure : cause;
    firsts += Boolean.TRUE.equals(first) ? 1 : 0;
    if (isDecided()) {
      requester.onDecided(this);
    }
  }

  /** Counts a set that was stored, or couldn't be. */
  protected void count(@Nullable Boolean first, @Nullable Throwable cause) {
    requester.waits().counts.onStored(first, cause);
  }

  @Override
  public final boolean isDecided() {
    return begun && left == 0;
  }

  @Override
  public final void onDeadline() {
    requester.onDecided(this);
  }

  /** The store keeps all sets that were asked for. */
  @Override
  public final void abandon() {}

  @Override
  public final int cancelCost() {
    return cost(ids.size());
  }

  static int cost(int sets) {
    return COST + sets / IDS_PER_COST;
  }
}
