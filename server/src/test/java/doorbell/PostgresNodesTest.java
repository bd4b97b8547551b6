package doorbell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.store.postgres.PostgresServer;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two whole nodes over one PostgreSQL. */
class PostgresNodesTest extends NodesContract {
  private PostgresServer server;

  @BeforeEach
  void begin() throws Exception {
    server = new PostgresServer();
    Stores.init(server.url(), null, "doorbell");
  }

  @AfterEach
  void end() throws Exception {
    endNodes();
    if (server != null) {
      server.close();
    }
  }

  @Override
  String store() {
    return server.url();
  }

  @Override
  void killServer() throws Exception {
    server.kill();
  }

  @Override
  void startServer() throws Exception {
    server.start();
  }

  @Test
  void aSetInAnApplicationsTransactionWakesTheWaitsAtAllNodes() throws Exception {
    start(2);
    CompletableFuture<HttpResponse<String>> first = get(0, "/22482");
    CompletableFuture<HttpResponse<String>> second = get(1, "/22482");
    park(0, 1);
    park(1, 1);
    assertThat(server.say("SELECT doorbell_set('22482')")).isEqualTo("t");
    assertThat(first.join().body()).isEqualTo("doorbell(22482);\n");
    assertThat(second.join().body()).isEqualTo("doorbell(22482);\n");
    assertThat(set(1, "/22482").join().statusCode()).isEqualTo(200);
  }

  /** As where a standby far away confirms it. */
  @Test
  void aNodeThatEndsAnswersASetWhoseCommitIsSlow() throws Exception {
    server.say(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$");
    server.say(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON doorbell_events DEFERRABLE INITIALLY"
            + " DEFERRED FOR EACH ROW WHEN (NEW.id = '22482') EXECUTE FUNCTION slow()");
    start(1);
    CompletableFuture<HttpResponse<String>> set = set(0, "/22482");
    String asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    await().atMost(SOON).until(() -> "1".equals(server.say(asleep)));
    end(0);
    assertThat(set.join().statusCode()).isEqualTo(201);
  }

  @Test
  void aDatabaseWithoutTheTableIsToldAtTheStart() {
    assertThatThrownBy(() -> Doorbell.start(options().with(StoreOptions.PREFIX, "other")))
        .hasMessageContaining("make it by: doorbell store init");
    assertThatThrownBy(() -> Doorbell.start(options().with(StoreOptions.PREFIX, "Other:1")))
        .hasMessageContaining("choose another --store-prefix");
  }
}
