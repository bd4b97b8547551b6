package doorbell.wait;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import doorbell.event.StoreException;
import doorbell.io.Endpoint;
import doorbell.limit.ClientAddress;
import doorbell.limit.QuotaException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A wait for any of several events.
 *
 * <pre>
 * begun: linked to its events, then looking --looked, none set--> parked
 *   +--one is set, or nobody can tell--> ended <--wake, deadline, hang-up, drain--+
 * </pre>
 */
public abstract class Wait extends WaitLink implements Pending {
  /** Further ids of a cancelled wait that cost as much as the first id. */
  private static final int IDS_PER_COST = 16;

  private final boolean onlyAsks;

  /** Events that the store has not told of yet. */
  public byte looking;

  /** Events that are known to be set. */
  public byte known;

  /** The longest time of this wait, in seconds; 0 if the time of this wait isn't counted. */
  private char holdSeconds;

  /** Reason that there is no better answer: no room, or the store's failure. */
  public @Nullable Throwable failure;

  private boolean parked;

  /** The address at which this wait is counted; null if it is counted at none, or not yet. */
  private @Nullable ClientAddress place;

  /** Waits for one or more {@code names}; or only asks, and is never parked. */
  public Wait(List<EventName> names, boolean onlyAsks) {
    super(names.get(0));
    this.onlyAsks = onlyAsks;
    this.looking = (byte) names.size();
    WaitLink last = this;
    for (int i = 1; i < looking; i++) {
      last = last.other = new Further(names.get(i));
    }
  }

  private final class Further extends WaitLink {
    Further(EventName name) {
      super(name);
    }

    @Override
    Wait ofWait() {
      return Wait.this;
    }
  }

  @Override
  protected final Wait ofWait() {
    return this;
  }

  /**
   * Says how long this wait may be parked, in milliseconds; a time beyond 18 hours isn't counted.
   */
  protected final void mayTake(long millis) {
    long seconds = Math.max(1, (millis + 500) / 1_000);
    holdSeconds = seconds > Character.MAX_VALUE ? 0 : (char) seconds;
  }

  /** Has the quota count this wait at {@code client}, not at the requester's endpoint. */
  protected final void countAt(Endpoint client) {
    place = requester().waits().quota.placeOf(client);
  }

  /** The rest of the time that this wait may be parked, in milliseconds. */
  protected abstract long leftMillis();

  /** The request that is answered when this wait is decided. */
  protected abstract Requester requester();

  @Override
  public void begin() {
    WaitLoop waits = requester().waits();
    for (WaitLink link = this; link != null; link = link.other) {
      WaitLink asked = link;
      if (onlyAsks) {
        waits.ask(link, (found, cause) -> looked(asked, found, cause));
      } else {
        waits.lookUp(link, (found, cause) -> looked(asked, found, cause));
      }
    }
    if (!isDecided()) {
      park();
    }
  }

  private void looked(WaitLink link, @Nullable Boolean found, @Nullable Throwable cause) {
    looking--;
    if (cause != null) {
      // A node that ends has closed its store: whoever would wait is told to ask again.
      failure = onlyAsks || !requester().waits().isDraining() ? cause : failure;
    } else if (Boolean.TRUE.equals(found) && !link.set) {
      link.set = true;
      known++;
    }
    onLooked();
  }

  /** The store has told of another event. */
  protected void onLooked() {
    if (isDecided()) {
      requester().onDecided(this);
    }
  }

  /** The number of events; counted anew, since a field would cost each wait. */
  private int ids() {
    int ids = 0;
    for (WaitLink link = this; link != null; link = link.other) {
      ids++;
    }
    return ids;
  }

  private void park() {
    WaitQuota quota = requester().waits().quota;
    try {
      ClientAddress asked = place == null ? quota.placeOf(requester().endpoint()) : place;
      place = quota.acquire(asked, ids());
      parked = true;
      requester().waits().counts.parked(requester().via()).add(ids());
    } catch (QuotaException noRoom) {
      failure = noRoom;
    }
  }

  /** An event was set while this wait was linked to that event. */
  protected void onWake(WaitLink link) {
    requester().onDecided(this);
  }

  @Override
  public boolean isDecided() {
    return looking == 0 && (known > 0 || !mayPark());
  }

  protected final boolean mayPark() {
    return !onlyAsks
        && !requester().waits().isDraining()
        && !requester().hasEnded()
        && failure == null;
  }

  /** Why nobody can tell that none of the events is set; null if that is sure, or not asked. */
  protected final @Nullable Throwable doubt() {
    return failure == null && onlyAsks && looking > 0
        ? new StoreException("the store is slow; ask again")
        : failure;
  }

  @Override
  public void onDeadline() {
    requester().onDecided(this);
  }

  @Override
  public final void abandon() {
    for (WaitLink link = this; link != null; link = link.other) {
      leave(link);
    }
    release();
  }

  @Override
  public final int cancelCost() {
    return 1 + ids() / IDS_PER_COST;
  }

  /** Leaves an event, and returns true if the event is set. */
  protected final boolean leave(WaitLink link) {
    boolean told = !onlyAsks && requester().waits().leave(link);
    return told || link.set;
  }

  /** Gives the wait's places in the quota back. */
  protected final void release() {
    if (parked) {
      WaitLoop waits = requester().waits();
      waits.quota.release(place, ids());
      waits.counts.parked(requester().via()).add(-ids());
      if (holdSeconds > 0) {
        long held = SECONDS.toMillis(holdSeconds) - leftMillis();
        waits.counts.hold.record(MILLISECONDS.toNanos(held), 1);
      }
    }
  }
}
