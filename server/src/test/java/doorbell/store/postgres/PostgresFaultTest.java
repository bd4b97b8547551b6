package doorbell.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.store.replica.Crowd;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two nodes over a real PostgreSQL that crashes, is paused, cut off, and replaced by its standby,
 * under load. All that clients hear is judged: see {@link Crowd}.
 */
class PostgresFaultTest {
  private static final int NODES = 2;
  private static final long FAULT_MILLIS = 600;

  /** No round of the sweep comes while a test runs: what is heard is heard by notifications. */
  private static final Duration SELDOM = Duration.ofHours(1);

  private final Crowd crowd = new Crowd();
  private final List<PostgresServer> servers = new ArrayList<>();

  /** What happens to the server, and how it is mended. */
  enum Fault {
    CRASHED {
      @Override
      void happens(PostgresServer server) throws Exception {
        server.kill();
        pass();
        server.start();
      }
    },
    PAUSED {
      @Override
      void happens(PostgresServer server) throws Exception {
        server.signal("STOP");
        pass();
        pass();
        server.signal("CONT");
      }
    },
    CUT_OFF {
      @Override
      void happens(PostgresServer server) throws Exception {
        for (String whom : List.of("state = 'idle'", "true", "query LIKE '%snapshot%'")) {
          server.say(
              "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                  + " WHERE application_name = 'doorbell' AND "
                  + whom);
          pass();
        }
      }
    };

    abstract void happens(PostgresServer server) throws Exception;
  }

  private static void pass() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(FAULT_MILLIS));
  }

  @AfterEach
  void end() throws Exception {
    try {
      crowd.close();
    } finally {
      for (PostgresServer server : servers) {
        server.close();
      }
    }
  }

  private PostgresServer server() throws Exception {
    PostgresServer server = new PostgresServer();
    servers.add(server);
    PostgresSchema.create(PostgresAddress.parse(server.url()), "doorbell");
    return server;
  }

  private void start(String url, Duration sweep, Duration bell) {
    for (int i = 0; i < NODES; i++) {
      crowd.add(
          PostgresStore.open(
              new PostgresSettings(
                  PostgresAddress.parse(url), "doorbell", Duration.ofHours(1), sweep, bell)));
    }
    crowd.awaitWell();
  }

  @ParameterizedTest
  @EnumSource
  void eachAcknowledgedSetIsHeard(Fault fault) throws Exception {
    PostgresServer server = server();
    start(server.url(), SELDOM, PostgresStoreTest.QUICK_BELL);
    crowd.under(() -> fault.happens(server));
  }

  /** The standby has what is acknowledged, since the primary waits for it. */
  @Test
  void eachAcknowledgedSetIsHeardWhenTheStandbyTakesOver() throws Exception {
    PostgresServer primary = server();
    PostgresServer standby = new PostgresServer(primary);
    servers.add(standby);
    primary.say("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.say("SELECT pg_reload_conf()");
    String hosts = "127.0.0.1:" + primary.port() + ",127.0.0.1:" + standby.port();
    start("postgresql://postgres@" + hosts + "/postgres", SELDOM, PostgresStoreTest.QUICK_BELL);
    crowd.under(
        () -> {
          primary.kill();
          pass();
          standby.promote();
        });
  }

  @Test
  void whatANotificationDoesNotTellTheSweepFinds() throws Exception {
    PostgresServer server = server();
    start(server.url(), Duration.ofMillis(600), PostgresStoreTest.BELL);
    EventId id = new EventId.Plain(0, 22_482);
    assertThat(crowd.begin(0, id)).succeedsWithin(Crowd.SOON).isEqualTo(false);
    crowd.history().setBegins(id);
    server.say("INSERT INTO doorbell_events (id, tx) VALUES ('22482', '3')"); // Seen long ago.
    crowd.history().setIsAnswered(id, true);
    crowd.awaitHeard();
    assertThat(crowd.history().faults()).isEmpty();
  }
}
