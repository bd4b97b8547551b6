package doorbell.store.postgres;

import doorbell.event.SharedStore;
import doorbell.store.replica.ReplicatedStore;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Opens a store over a PostgreSQL. */
public final class PostgresStore {
  private static final int FORGET_SECONDS = 60;

  private PostgresStore() {}

  /** A store that connects when it is listened to. */
  public static SharedStore open(PostgresSettings settings) {
    PostgresSchema.checkPrefix(settings.prefix());
    ScheduledExecutorService clock =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("doorbell-postgres").factory());
    PostgresReplica replica = new PostgresReplica(settings, clock);
    clock.scheduleWithFixedDelay(replica::forget, FORGET_SECONDS, FORGET_SECONDS, TimeUnit.SECONDS);
    return new ReplicatedStore(
        List.of(replica),
        settings.sweep(),
        () -> {
          clock.shutdownNow();
          clock.close();
        });
  }
}
