package doorbell.store.postgres;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.replica.LinkedReplica;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL as a replica, which is a majority of itself: its commits are what is promised. */
final class PostgresReplica extends LinkedReplica<PostgresLink, Boolean> {
  private static final Duration TIMEOUT = Duration.ofSeconds(PostgresSessions.TIMEOUT_SECONDS);

  private final PostgresSettings settings;

  PostgresReplica(PostgresSettings settings, ScheduledExecutorService clock) {
    super("the PostgreSQL at " + settings.address(), settings.bell(), TIMEOUT, clock);
    this.settings = settings;
  }

  @Override
  protected CompletionStage<PostgresLink> open() {
    return PostgresLink.open(settings, this);
  }

  @Override
  protected CompletionStage<Boolean> ring(PostgresLink on, EventId bell) {
    return on.ring(bell);
  }

  @Override
  protected @Nullable StoreException refusal(Throwable failure) {
    return PostgresFault.refusal(settings.address(), failure);
  }

  @Override
  protected String sentence(Throwable failure) {
    return PostgresFault.sentence(settings.address(), failure);
  }

  @Override
  protected boolean isAnswer(Throwable failure) {
    return PostgresFault.isAnswer(failure);
  }

  /** Deletes sets that need not be remembered any longer. */
  void forget() {
    PostgresLink on = link();
    if (on != null) {
      on.forget();
    }
  }
}
