package doorbell.store.postgres;

import doorbell.event.EventId;
import doorbell.store.replica.Link;
import org.jspecify.annotations.Nullable;

/** Hears nothing. */
final class Deaf implements Link.Owner {
  @Override
  public void onSet(EventId id, long spreadMillis) {}

  @Override
  public void onGap() {}

  @Override
  public void onEnd(Link ended, @Nullable Throwable why) {}
}
