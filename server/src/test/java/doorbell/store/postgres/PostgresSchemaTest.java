package doorbell.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** The functions that applications call, and who may call them. */
class PostgresSchemaTest {
  private static final String KEY = "sesame";

  private static PostgresServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new PostgresServer();
    PostgresSchema.create(PostgresAddress.parse(server.url()), "doorbell");
    server.say("CREATE ROLE app LOGIN; GRANT doorbell_setter TO app; CREATE ROLE nobody LOGIN");
    server.say("CREATE ROLE restorer LOGIN");
  }

  @AfterAll
  static void end() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private static String asks(String role, String sql) throws SQLException {
    try (Connection session = server.connect(role)) {
      return String.valueOf(PostgresServer.say(session, sql));
    }
  }

  private static boolean isSet(String id) throws SQLException {
    return "1".equals(server.say("SELECT count(*) FROM doorbell_events WHERE id = '" + id + "'"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "007",
        "22482",
        "340282366920938463463374607431768211455",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0123ABCD-4567-89ef-0123-456789abcdef",
        "80000000-8000-8000-8000-800080000000"
      })
  void anIdHasTheOneTextThatTheNodeGivesIt(String id) throws SQLException {
    assertThat(server.say("SELECT doorbell_id('" + id + "')"))
        .isEqualTo(EventId.parse(id).toString());
  }

  @Test
  void aRandomUuidHasTheOneTextThatTheNodeGivesIt() throws SQLException {
    for (int i = 0; i < 100; i++) {
      String id = UUID.randomUUID().toString();
      assertThat(server.say("SELECT doorbell_id('" + id + "')"))
          .isEqualTo(EventId.parse(id).toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-1",
        " 1",
        "1 ",
        "1\n",
        "1e3",
        "0x10",
        "\u0661",
        "340282366920938463463374607431768211456",
        "0000000000000000000000000000000000000001",
        "0123abcd-4567-89ef-0123-456789abcde",
        "0123abcd456789ef0123456789abcdef",
        "g0c04f4b1951e4aeaaec8223ed2039e542f3aae805a6fa7f6d794e5affff5d27"
      })
  void whatIsNoIdIsRefused(String text) {
    assertThatThrownBy(() -> EventId.parse(text)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> asks("app", "SELECT doorbell_set('" + text + "')"))
        .hasMessageContaining("number");
  }

  @Test
  void theFirstOfAllSettersIsToldSo() throws SQLException {
    assertThat(asks("app", "SELECT doorbell_set('1001')")).isEqualTo("t");
    assertThat(asks("app", "SELECT doorbell_set('01001')")).isEqualTo("f");
    assertThat(isSet("1001")).isTrue();
  }

  @Test
  void aSealedIdIsSetByItsKeyAlone() throws SQLException {
    String id = server.say("SELECT encode(sha256('" + KEY + "'), 'hex')");
    String upper = String.valueOf(id).toUpperCase(java.util.Locale.ROOT);
    assertThatThrownBy(() -> asks("app", "SELECT doorbell_set('" + id + "')"))
        .hasMessageContaining("its key is needed");
    assertThatThrownBy(() -> asks("app", "SELECT doorbell_set('" + id + "', 'open')"))
        .hasMessageContaining("not the key");
    assertThatThrownBy(() -> asks("app", "SELECT doorbell_set_all(ARRAY['5', '" + id + "'])"))
        .hasMessageContaining("its key is needed");
    assertThat(isSet("5")).isFalse();
    assertThat(asks("app", "SELECT doorbell_set('" + upper + "', ' sesame\n')")).isEqualTo("t");
    assertThat(isSet(String.valueOf(id))).isTrue();
  }

  @Test
  void manyAreSetTogetherAndTheNewOnesCounted() throws SQLException {
    String id = server.say("SELECT encode(sha256('many'), 'hex')");
    String all = "ARRAY['2001', '2002', '02001', '" + id + " many', '2003 ignored']";
    assertThat(asks("app", "SELECT doorbell_set_all(" + all + ")")).isEqualTo("4");
    assertThat(asks("app", "SELECT doorbell_set_all(" + all + ")")).isEqualTo("0");
    assertThat(asks("app", "SELECT doorbell_set_all('{}')")).isEqualTo("0");
    assertThatThrownBy(() -> asks("app", "SELECT doorbell_set_all(ARRAY['2004', NULL])"))
        .hasMessageContaining("an id");
    assertThat(isSet("2004")).isFalse();
  }

  @Test
  void anApplicationMaySetAndNothingElse() throws SQLException {
    for (String sql :
        new String[] {
          "SELECT * FROM doorbell_events",
          "INSERT INTO doorbell_events (id) VALUES ('1')",
          "DELETE FROM doorbell_events",
          "SELECT doorbell_put('{1}', '{0}')",
          "SELECT doorbell_put_soon('{1}', '{0}', 1)",
          "SELECT * FROM doorbell_channel"
        }) {
      assertThatThrownBy(() -> asks("app", sql)).hasMessageContaining("permission denied");
    }
    assertThatThrownBy(() -> asks("nobody", "SELECT doorbell_set('1')"))
        .hasMessageContaining("permission denied");
    assertThatThrownBy(() -> asks("doorbell_owner", "SELECT 1"))
        .hasMessageContaining("not permitted to log in");
  }

  /** The owner's rights are not lent to functions and tables that a caller puts before. */
  @Test
  void aCallerCantHaveTheFunctionsRunCodeOfItsOwn() throws SQLException {
    server.say("CREATE SCHEMA app AUTHORIZATION app");
    try (Connection session = server.connect("app")) {
      PostgresServer.say(
          session,
          """
          CREATE TEMP TABLE doorbell_events (id text);
          CREATE FUNCTION app.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'hijacked' $$;
          CREATE FUNCTION app.pg_notify(text, text) RETURNS void LANGUAGE sql AS $$ SELECT 1/0 $$;
          SET search_path = app, pg_temp, public, pg_catalog;
          """);
      assertThat(PostgresServer.say(session, "SELECT doorbell_set('3001')")).isEqualTo("t");
    }
    assertThat(isSet("3001")).isTrue();
  }

  @Test
  void whoListensLearnsNoId() throws SQLException {
    try (Connection listener = server.connect("nobody")) {
      PostgresServer.say(listener, "LISTEN " + server.say("SELECT name FROM doorbell_channel"));
      asks("app", "SELECT doorbell_set('5001')");
      PGNotification[] told = listener.unwrap(PGConnection.class).getNotifications(60_000);
      assertThat(told).hasSize(1);
      assertThat(told[0].getParameter()).isEmpty();
    }
  }

  @Test
  void initMayBeRunAgainAndKeepsSets() throws SQLException {
    asks("app", "SELECT doorbell_set('4001')");
    PostgresSchema.create(PostgresAddress.parse(server.url()), "doorbell");
    assertThat(isSet("4001")).isTrue();
    assertThat(asks("app", "SELECT doorbell_set('4001')")).isEqualTo("f");
  }

  /** The functions are the restorer's then, and run with its rights for whoever calls them. */
  @ParameterizedTest
  @ValueSource(strings = {"postgres", "restorer"})
  void afterARestoreWithoutRolesANodeSaysSoAndInitMakesTheRightsAnew(String role) throws Exception {
    String copy = "copy_of_" + role;
    asks("app", "SELECT doorbell_set('6001')");
    server.copyWithoutRoles(copy, role);
    String url = server.url().replaceFirst("/postgres$", "/" + copy);
    try (Connection nobody = server.connect("nobody", copy)) {
      assertThat(PostgresServer.say(nobody, "SELECT doorbell_set('6002')")).isEqualTo("t");
      assertThat(warningOfANode(url)).contains("everybody may set").contains("store init");
      PostgresSchema.create(PostgresAddress.parse(url), "doorbell");
      assertThat(warningOfANode(url)).isEmpty();
      assertThatThrownBy(() -> PostgresServer.say(nobody, "SELECT doorbell_set('6003')"))
          .hasMessageContaining("permission denied");
      assertThatThrownBy(() -> PostgresServer.say(nobody, "SELECT doorbell_put('{1}', '{0}')"))
          .hasMessageContaining("permission denied");
    }
    try (Connection app = server.connect("app", copy)) {
      assertThat(PostgresServer.say(app, "SELECT doorbell_set('6001')")).isEqualTo("f");
      assertThat(
              PostgresServer.say(
                  app,
                  "SELECT count(*) FROM pg_class c FULL JOIN pg_proc p ON false"
                      + " WHERE coalesce(relname, proname) LIKE 'doorbell\\_%'"
                      + " AND coalesce(relowner, proowner) <> 'doorbell_owner'::regrole"))
          .isEqualTo("0");
    }
  }

  private static String warningOfANode(String url) throws SQLException {
    PostgresSettings settings =
        new PostgresSettings(
            PostgresAddress.parse(url),
            "doorbell",
            Duration.ofHours(1),
            Duration.ofHours(1),
            PostgresSettings.USUAL_BELL);
    try (Told told = new Told(PostgresHearing.class)) {
      new PostgresHearing(settings, new Deaf(), why -> {}).close();
      return String.join("", told.lines());
    }
  }

  /** A role that doesn't use its memberships by itself. */
  @Test
  void initLeavesTheOwnersMembersWhoTheyAre() throws SQLException {
    server.say("CREATE ROLE quiet LOGIN NOINHERIT CREATEROLE; GRANT doorbell_owner TO quiet");
    server.say("GRANT CREATE, USAGE ON SCHEMA public TO doorbell_owner, quiet WITH GRANT OPTION");
    PostgresSchema.create(PostgresAddress.parse(server.url("quiet")), "doorbell");
    assertThat(server.say("SELECT pg_has_role('quiet', 'doorbell_owner', 'MEMBER')"))
        .isEqualTo("t");
  }

  @Test
  void aRoleThatIsSomebodysIsNotTaken() throws SQLException {
    server.say("CREATE ROLE taken_owner LOGIN");
    assertThatThrownBy(() -> PostgresSchema.create(PostgresAddress.parse(server.url()), "taken"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("choose another --store-prefix");
  }

  @Test
  void whoOwnsTheDatabaseAndMayMakeRolesCanInitInASchema() throws SQLException {
    server.say("CREATE ROLE chief LOGIN CREATEROLE");
    server.say("GRANT CREATE ON DATABASE postgres TO chief");
    String url = server.url("chief") + "?currentSchema=bells";
    PostgresSchema.create(PostgresAddress.parse(url), "mine");
    assertThat(asks("postgres", "SELECT bells.mine_set('1')")).isEqualTo("t");
    assertThatThrownBy(
            () -> PostgresSchema.create(PostgresAddress.parse(server.url("app")), "other"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("--print");
  }
}
