package doorbell.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import doorbell.store.SetStoreContract;
import doorbell.store.replica.Batches.Call;
import doorbell.store.replica.Replica.Vote;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A store over PostgreSQL: what every store promises, and what this one does beside. */
class PostgresStoreTest extends SetStoreContract {
  /** A loaded machine takes its time. */
  static final Duration SOON = Duration.ofSeconds(60);

  /** Longer than any stall: no link is left for being slow. */
  static final Duration BELL = Duration.ofSeconds(20);

  /** For those who see by the bell what a server can't do; a stall may end their link. */
  static final Duration QUICK_BELL = Duration.ofMillis(700);

  private static final Duration SWEEP = Duration.ofSeconds(25);
  private static final Duration REMEMBER = Duration.ofMinutes(10);

  /** Connections of a link. */
  private static final int SESSIONS = 6;

  private static final AtomicInteger STORES = new AtomicInteger();

  private static PostgresServer server;

  private String prefix = "";

  /** What each store hears of, with its spread, in the order in which they were connected. */
  private final List<Map<EventId, Long>> heard = new ArrayList<>();

  @BeforeAll
  static void startServer() throws Exception {
    server = new PostgresServer();
  }

  @AfterAll
  static void endServer() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected SharedStore open() {
    prefix = "s" + STORES.incrementAndGet();
    PostgresSchema.create(PostgresAddress.parse(server.url()), prefix);
    SharedStore opened = connect(server.url());
    await().atMost(SOON).until(() -> opened.fault() == null);
    return opened;
  }

  private SharedStore connect(String url) {
    return connect(url, BELL);
  }

  private SharedStore connect(String url, Duration bell) {
    SharedStore opened = PostgresStore.open(settings(url, bell));
    Map<EventId, Long> here = new ConcurrentHashMap<>();
    heard.add(here);
    try {
      opened.listen(
          new SharedStore.Listener() {
            @Override
            public void onSet(EventId id, long spreadMillis) {
              here.put(id, spreadMillis);
            }

            @Override
            public void onGap() {}
          });
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private String say(Connection session, String sql) throws SQLException {
    return String.valueOf(PostgresServer.say(session, sql.replace("doorbell_", prefix + "_")));
  }

  private String say(String sql) throws SQLException {
    return String.valueOf(server.say(sql.replace("doorbell_", prefix + "_")));
  }

  private void awaitHeard(int store, EventId id) {
    await().atMost(SOON).untilAsserted(() -> assertThat(heard.get(store)).containsKey(id));
  }

  private Connection transaction() throws SQLException {
    Connection session = server.connect("postgres");
    session.setAutoCommit(false);
    return session;
  }

  @Test
  void anotherNodeHearsOfASetAndOfItsSpread() {
    EventId sealed = new EventId.Sealed(1, 2, 3, -4);
    try (SharedStore other = connect(server.url())) {
      other.setSoon(id(-1), 0);
      other.setSoon(sealed, 1_500);
      other.flush();
      awaitHeard(0, id(-1));
      awaitHeard(0, sealed);
      assertThat(heard.getFirst()).containsEntry(id(-1), 0L).containsEntry(sealed, 1_500L);
      assertThat(answer(store.isSet(sealed))).isTrue();
      assertThat(answer(store.set(sealed))).isFalse();
      heard.getFirst().clear();
      other.hasten(sealed, 0);
      other.flush();
      awaitHeard(0, sealed);
      assertThat(heard.getFirst()).containsEntry(sealed, 0L);
    }
  }

  @Test
  void anApplicationSetsInItsOwnTransactionWhenThatIsCommitted() throws SQLException {
    try (Connection application = transaction()) {
      assertThat(say(application, "SELECT doorbell_set('22482')")).isEqualTo("t");
      assertThat(answer(store.isSet(id(22482)))).isFalse();
      answer(store.set(id(1)));
      awaitHeard(0, id(1));
      assertThat(heard.getFirst()).doesNotContainKey(id(22482));
      application.commit();
    }
    awaitHeard(0, id(22482));
    assertThat(answer(store.isSet(id(22482)))).isTrue();
    assertThat(answer(store.set(id(22482)))).isFalse();
  }

  @Test
  void aTransactionThatIsRolledBackSetsNothing() throws SQLException {
    try (Connection application = transaction()) {
      say(application, "SELECT doorbell_set('22482')");
      application.rollback();
    }
    answer(store.set(id(1)));
    awaitHeard(0, id(1));
    assertThat(heard.getFirst()).doesNotContainKey(id(22482));
    assertThat(answer(store.set(id(22482)))).isTrue();
  }

  /** The numbers of transactions are given out when they begin, not as they commit. */
  @Test
  void transactionsThatCommitInAnotherOrderThanTheyBeganAreAllHeard() throws SQLException {
    List<Connection> open = new ArrayList<>();
    try {
      for (int i = 0; i < 10; i++) {
        Connection one = transaction();
        open.add(one);
        say(one, "SELECT doorbell_set('" + i + "')");
      }
      for (int i : new int[] {9, 0, 8, 1, 7, 2, 6, 3, 5, 4}) {
        open.get(i).commit();
        awaitHeard(0, id(i));
      }
    } finally {
      for (Connection one : open) {
        one.close();
      }
    }
  }

  @Test
  void aSetWaitsForNoOpenTransactionLongAndTheOthersOfItsBatchAreKept() throws SQLException {
    try (Connection application = transaction()) {
      say(application, "SELECT doorbell_set('50')");
      List<CompletionStage<Boolean>> sets =
          LongStream.range(0, 100).mapToObj(i -> store.setSoon(id(i), false)).toList();
      store.flush();
      for (int i = 0; i < 100; i++) {
        CompletionStage<Boolean> set = sets.get(i);
        if (i == 50) {
          assertThatThrownBy(() -> answer(set)).hasCauseInstanceOf(StoreException.class);
        } else { // Rarely one waits for the file to grow, and is set again.
          EventId id = id(i);
          await()
              .pollDelay(Duration.ZERO)
              .atMost(SOON)
              .until(
                  () ->
                      answer(set.thenCompose(first -> store.isSet(id)).exceptionally(e -> false))
                          || answer(store.set(id).handle((first, e) -> e == null)));
        }
      }
      application.commit();
    }
    await() // For a second it is known to be somebody's, without asking.
        .atMost(SOON)
        .until(() -> answer(store.set(id(50)).handle((first, e) -> e == null && !first)));
  }

  @Test
  void aRepeatedSetIsRememberedAnew() throws SQLException {
    answer(store.set(id(22482)));
    say("UPDATE doorbell_events SET set_at = now() - interval '5 minutes'");
    assertThat(answer(store.set(id(22482)))).isFalse();
    assertThat(say("SELECT now() - max(set_at) < interval '1 minute' FROM doorbell_events"))
        .isEqualTo("t");
  }

  @Test
  void whatNeedNotBeRememberedIsForgottenNeverBefore() throws SQLException {
    answer(store.set(id(1)));
    answer(store.set(id(2)));
    say("UPDATE doorbell_events SET set_at = now() - interval '12 minutes' WHERE id = '1'");
    say("UPDATE doorbell_events SET set_at = now() - interval '10 minutes' WHERE id = '2'");
    PostgresLink link = answer(PostgresLink.open(settings(), new Deaf()));
    link.forget();
    await().atMost(SOON).until(() -> !answer(store.isSet(id(1))));
    answer(link.close());
    assertThat(answer(store.isSet(id(2)))).isTrue();
  }

  /** A row that somebody's transaction has, or many at once, must not keep all others for ever. */
  @Test
  void whereADeletionTakesTooLongItIsToldAndFewerAreDeletedAtATime() throws SQLException {
    say(
        "INSERT INTO doorbell_events (id, set_at)"
            + " SELECT i::text, now() - interval '12 minutes' FROM generate_series(1, 700) i");
    say(
        "CREATE FUNCTION doorbell_slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " IF (SELECT count(*) FROM gone) > 100 THEN"
            + " RAISE EXCEPTION 'too slow' USING ERRCODE = 'query_canceled'; END IF;"
            + " RETURN NULL; END $$");
    say(
        "CREATE TRIGGER slow AFTER DELETE ON doorbell_events REFERENCING OLD TABLE AS gone"
            + " FOR EACH STATEMENT EXECUTE FUNCTION doorbell_slow()");
    try (Told told = new Told(PostgresLink.class)) {
      PostgresLink link = answer(PostgresLink.open(settings(), new Deaf()));
      await()
          .atMost(SOON)
          .until(
              () -> {
                link.forget();
                return say("SELECT count(*) FROM doorbell_events WHERE set_at < now()"
                        + " - interval '11 minutes'")
                    .equals("0");
              });
      answer(link.close());
      assertThat(told.lines()).first().asString().contains("old sets can't be deleted", "too slow");
    }
  }

  /** As does the server itself, of what an administrator should see to. */
  private void warnOfEachRow() throws SQLException {
    say(
        "CREATE FUNCTION doorbell_warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " RAISE WARNING 'only % are left', NEW.id; RETURN NULL; END $$");
    say(
        "CREATE TRIGGER warn AFTER INSERT ON doorbell_events"
            + " FOR EACH ROW WHEN (length(NEW.id) < 3)" // No bell's.
            + " EXECUTE FUNCTION doorbell_warn()");
  }

  @Test
  void aSetOfWhichTheServerWarnsIsAcknowledgedAndTheWarningIsToldOnce() throws SQLException {
    warnOfEachRow();
    try (Told told = new Told(PostgresLink.class)) {
      assertThat(answer(store.set(id(7)))).isTrue();
      assertThat(answer(store.set(id(8)))).isTrue();
      assertThat(told.lines())
          .filteredOn(line -> line.contains("are left"))
          .singleElement()
          .asString()
          .contains("the PostgreSQL at", "warns: only 7 are left");
    }
  }

  /** As the whole server has it: other tests' sets would wait, too. */
  private void withAStandbyThatIsAway(Callable<?> story) throws Exception {
    server.say("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
    server.say("SELECT pg_reload_conf()");
    try {
      await()
          .atMost(SOON)
          .until(() -> "absent".equals(server.say("SHOW synchronous_standby_names")));
      story.call();
    } finally {
      server.say("ALTER SYSTEM RESET synchronous_standby_names");
      server.say("SELECT pg_reload_conf()");
    }
  }

  /** A role whose connections are told from those of others. */
  private String loner() throws SQLException {
    String role = prefix + "loner";
    server.say("CREATE ROLE " + role + " LOGIN");
    say("GRANT doorbell_node TO " + role);
    return role;
  }

  private static List<String> sessionsOf(String role) throws SQLException {
    String all =
        server.say(
            "SELECT string_agg(pid || ' ' || coalesce(wait_event, ''), ',')"
                + " FROM pg_stat_activity WHERE usename = '"
                + role
                + "'");
    return all == null ? List.of() : List.of(all.split(","));
  }

  private static void awaitOneThatWaitsForAStandby(String role) {
    await()
        .atMost(SOON)
        .until(() -> sessionsOf(role).stream().anyMatch(one -> one.endsWith(" SyncRep")));
  }

  private static CompletionStage<Vote> set(PostgresLink link, long id) {
    CompletionStage<Vote> set = link.sets().add(new Call(id(id), 0));
    link.sets().send();
    return set;
  }

  /** A commit that waits no longer for its standby is there; a fail-over may lose it. */
  @Test
  void aSetThatNoStandbyHasIsNotAcknowledged() throws Exception {
    String role = loner();
    warnOfEachRow(); // So that the standby's is not the only warning.
    PostgresLink link = answer(PostgresLink.open(settings(server.url(role), BELL), new Deaf()));
    withAStandbyThatIsAway(
        () -> {
          CompletionStage<Vote> canceled = set(link, 1);
          awaitOneThatWaitsForAStandby(role);
          server.say(
              "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE usename = '"
                  + role
                  + "' AND wait_event = 'SyncRep'");
          assertThatThrownBy(() -> answer(canceled)).hasStackTraceContaining("replication");
          CompletionStage<Vote> left = set(link, 2);
          awaitOneThatWaitsForAStandby(role);
          answer(link.close());
          assertThatThrownBy(() -> answer(left)).hasStackTraceContaining("replication");
          await().atMost(SOON).until(() -> sessionsOf(role).isEmpty());
          return null;
        });
    assertThat(answer(store.isSet(id(1)))).isTrue();
    assertThat(answer(store.set(id(1)))).isFalse();
  }

  @Test
  void aDeletionWaitsForNoStandby() throws Exception {
    String role = loner();
    answer(store.set(id(1)));
    say("UPDATE doorbell_events SET set_at = now() - interval '12 minutes' WHERE id = '1'");
    PostgresLink link = answer(PostgresLink.open(settings(server.url(role), BELL), new Deaf()));
    withAStandbyThatIsAway(
        () -> {
          link.forget();
          await()
              .atMost(SOON)
              .until(
                  () -> {
                    assertThat(sessionsOf(role)).noneMatch(one -> one.endsWith(" SyncRep"));
                    return say("SELECT count(*) FROM doorbell_events WHERE id = '1'").equals("0");
                  });
          return null;
        });
    answer(link.close());
  }

  /** More for a moment, where one that is left takes its time; but not more with each. */
  @Test
  void linksThatAreLeftWhileAStandbyIsAwayKeepNoConnections() throws Exception {
    String role = loner();
    Set<String> seen = new HashSet<>();
    withAStandbyThatIsAway(
        () -> {
          SharedStore other = connect(server.url(role), QUICK_BELL);
          await()
              .atMost(SOON)
              .until(
                  () -> {
                    other.setSoon(id(STORES.incrementAndGet()), 0);
                    other.flush();
                    List<String> now = sessionsOf(role);
                    now.forEach(one -> seen.add(one.substring(0, one.indexOf(' '))));
                    return seen.size() > 4 * SESSIONS && now.size() <= 2 * SESSIONS;
                  });
          other.close();
          await().atMost(SOON).until(() -> sessionsOf(role).isEmpty());
          return null;
        });
  }

  /** With the usual bell no link is left: each commit ends in time. */
  @Test
  void aStandbyThatIsAwayIsToldInASentence() throws Exception {
    withAStandbyThatIsAway(
        () -> {
          try (SharedStore other = connect(server.url())) {
            assertThat(other.fault()).contains("waits for a standby", "synchronous_standby_names");
            assertThat(answer(other.isSet(id(1)))).isFalse();
          }
          return null;
        });
  }

  @Test
  void aNotificationThatAStrangerMakesDoesNothing() throws SQLException {
    server.say("CREATE ROLE stranger LOGIN");
    try (Connection stranger = server.connect("stranger")) {
      assertThatThrownBy(() -> say(stranger, "SELECT name FROM doorbell_channel"))
          .hasMessageContaining("permission denied");
      say(stranger, "NOTIFY " + say("SELECT name FROM doorbell_channel") + ", '22482'");
    }
    answer(store.set(id(1)));
    awaitHeard(0, id(1));
    assertThat(heard.getFirst()).doesNotContainKey(id(22482));
  }

  /** A write of somebody who may write, by hand. */
  @Test
  void aRowThatIsNoIdIsLeftAlone() throws SQLException {
    say("INSERT INTO doorbell_events (id) VALUES ('no id')");
    answer(store.set(id(1)));
    awaitHeard(0, id(1));
  }

  @Test
  void aListenerThatWasEndedIsConnectedAnew() throws SQLException {
    try (SharedStore other = connect(server.url(), QUICK_BELL)) {
      await().atMost(SOON).until(() -> other.fault() == null);
      say(
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
              + " WHERE query LIKE '%doorbell_events%' AND pid <> pg_backend_pid()");
      await().atMost(SOON).until(() -> answer(store.set(id(7)).handle((f, e) -> e == null)));
      heard.getLast().clear();
      await()
          .atMost(SOON)
          .until(
              () -> {
                answer(store.set(id(STORES.incrementAndGet())));
                return !heard.getLast().isEmpty() && other.fault() == null;
              });
    }
  }

  @Test
  void aServerThatTakesAwayListenIsFoundDeaf() throws SQLException {
    try (SharedStore other = connect(server.url(), QUICK_BELL)) {
      await().atMost(SOON).until(() -> other.fault() == null);
      // As if another program between had done it: the function tells nobody any more.
      say("ALTER FUNCTION doorbell_put RENAME TO doorbell_put_told");
      say(
          "CREATE FUNCTION doorbell_put(ids text[], spreads integer[]) RETURNS text[] LANGUAGE sql"
              + " AS $$ INSERT INTO public.doorbell_events (id) SELECT unnest(ids) ON CONFLICT DO"
              + " NOTHING; SELECT ids $$");
      await().atMost(SOON).untilAsserted(() -> assertThat(other.fault()).contains("is deaf"));
      say("DROP FUNCTION doorbell_put");
      say("ALTER FUNCTION doorbell_put_told RENAME TO doorbell_put");
      await().atMost(SOON).untilAsserted(() -> assertThat(other.fault()).isNull());
    }
  }

  @Test
  void whatIsWrongAtTheStartIsToldInASentence() throws SQLException {
    server.say("CREATE ROLE guarded LOGIN PASSWORD 'sesame'");
    server.say("CREATE ROLE weak LOGIN");
    String guarded = server.url("guarded");
    refuses(guarded, "asks for a password; give --store-password-file");
    refuses(guarded.replace("guarded@", "guarded:open@"), "refuses the password");
    refuses(server.url("refused"), "doesn't let this user in");
    refuses(server.url().replaceFirst("/postgres$", "/nowhere"), "create the database");
    refuses(server.url("weak"), "lets this user do too little");
    String other = prefix;
    prefix = "not_there";
    refuses(server.url(), "doorbell store init");
    prefix = other;
    say("GRANT doorbell_node TO guarded");
    connect(guarded.replace("guarded@", "guarded:sesame@")).close();
  }

  /** Whatever waits for a thread, or for a server that stands still. */
  @Test
  void aLinkThatEndsAnswersAllCalls() throws Exception {
    PostgresLink link = answer(PostgresLink.open(settings(), new Deaf()));
    List<CompletionStage<Vote>> calls = new ArrayList<>();
    server.signal("STOP");
    try {
      link.ring(id(1));
      for (int i = 0; i < 300; i++) {
        calls.add(link.looks().add(new Call(id(i), 0)));
        calls.add(link.sets().add(new Call(id(i), 0)));
        link.looks().send();
        link.sets().send();
      }
      answer(link.close());
      await()
          .atMost(SOON)
          .until(() -> calls.stream().allMatch(call -> call.toCompletableFuture().isDone()));
    } finally {
      server.signal("CONT");
    }
  }

  /** An operator runs it after an upgrade, while an application is at work. */
  @Test
  void initWaitsForNobodyAndStopsNobody() throws SQLException {
    try (Connection application = transaction()) {
      say(application, "SELECT doorbell_set('1')");
      PostgresSchema.create(PostgresAddress.parse(server.url()), prefix);
      assertThat(answer(store.set(id(2)))).isTrue();
      application.commit();
    }
    assertThat(answer(store.set(id(1)))).isFalse();
  }

  @Test
  void aBatchOfWhichAllIsLockedIsAnsweredAndHoldsUpNoOther() throws SQLException {
    try (Connection application = transaction()) {
      say(application, "SELECT doorbell_set_all(array_agg(i::text)) FROM generate_series(1,384) i");
      List<CompletionStage<Boolean>> sets =
          LongStream.rangeClosed(1, 384).mapToObj(i -> store.setSoon(id(i), false)).toList();
      store.flush();
      assertThat(answer(store.set(id(2_000)))).isTrue();
      for (CompletionStage<Boolean> set : sets) {
        assertThatThrownBy(() -> answer(set)).hasCauseInstanceOf(StoreException.class);
      }
    }
  }

  /** Numbers of another server may be ahead of this one's for a long time. */
  @Test
  void rowsOfARestoredDumpAreNotReadAgainAndAgain() throws SQLException {
    say("INSERT INTO doorbell_events (id, tx) VALUES ('7', '9000000000')");
    answer(store.set(id(1)));
    awaitHeard(0, id(1));
    assertThat(heard.getFirst()).doesNotContainKey(id(7));
    assertThat(answer(store.isSet(id(7)))).isTrue();
  }

  @Test
  void whatARoleHasForOthersDoesNotMatter() throws SQLException {
    server.say("CREATE ROLE odd LOGIN");
    server.say("ALTER ROLE odd SET search_path = nowhere");
    server.say("ALTER ROLE odd SET default_transaction_isolation = serializable");
    server.say("ALTER ROLE odd SET lock_timeout = 1");
    say("GRANT doorbell_node TO odd");
    try (SharedStore odd = connect(server.url("odd"))) {
      assertThat(answer(odd.set(id(1)))).isTrue();
      awaitHeard(1, id(1));
    }
  }

  private PostgresSettings settings() {
    return settings(server.url(), BELL);
  }

  private PostgresSettings settings(String url, Duration bell) {
    return new PostgresSettings(PostgresAddress.parse(url), prefix, REMEMBER, SWEEP, bell);
  }

  private void refuses(String url, String why) {
    assertThatThrownBy(() -> connect(url))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("open@")
        .hasMessageNotContaining("\n");
  }
}
