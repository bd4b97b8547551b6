package doorbell.wait;

import doorbell.io.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * An event of a {@link Wait}. The wait is also the link of the first event; few waits have further
 * links.
 */
public abstract class WaitLink extends LoopWaiter {
  private final @Nullable String spelling;

  /** The link of the wait's next event. */
  public @Nullable WaitLink other;

  /** The event is known to be set. */
  public boolean set;

  WaitLink(EventName name) {
    super(name.id());
    this.spelling = name.spelling();
  }

  public final EventName name() {
    return new EventName(id(), spelling);
  }

  abstract Wait ofWait();

  @Override
  protected final Wakeups wakeups() {
    return ofWait().requester().waits().wakeups;
  }

  @Override
  protected final Endpoint endpoint() {
    return ofWait().requester().endpoint();
  }

  @Override
  protected final void onWake() {
    ofWait().onWake(this);
  }
}
