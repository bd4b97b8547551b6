package doorbell.store.postgres;

import doorbell.event.EventId;
import doorbell.store.replica.Link.Owner;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.Consumer;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection that hears of sets. A notification says only that there are some: the rows are
 * those of transactions that the last look, a snapshot of the server's, did not see. So none is
 * missed, however long a transaction stayed open before, and a notification that a stranger makes
 * finds nothing.
 */
final class PostgresHearing {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresHearing.class);

  /** Time that a wait for a notification takes; another one follows. */
  private static final int LISTEN_MILLIS = 10_000;

  /** Rows read at a time. More, of one bulk set, are a gap: what is waited for is looked up. */
  private static final int MOST_ROWS = 50_000;

  private final Connection session;
  private final PGConnection notifications;
  private final Owner owner;
  private final Consumer<Throwable> onEnd;
  private final String newRows;
  private volatile boolean closing;

  /** What was seen: a snapshot, as the server writes it. */
  private String seen;

  /** Connects, and listens. Blocks. */
  PostgresHearing(PostgresSettings settings, Owner owner, Consumer<Throwable> onEnd)
      throws SQLException {
    this.owner = owner;
    this.onEnd = onEnd;
    this.session = PostgresSessions.connect(settings.address());
    String names = settings.address().prefix(settings.prefix());
    this.newRows =
        """
        (SELECT id, spread, NULL FROM %s WHERE tx >= pg_snapshot_xmax(?::pg_snapshot)
         AND tx < pg_snapshot_xmax(pg_current_snapshot()) LIMIT ?)
        UNION ALL
        (SELECT id, spread, NULL FROM %s
         WHERE tx = ANY (ARRAY(SELECT pg_snapshot_xip(?::pg_snapshot))) LIMIT ?)
        UNION ALL
        SELECT NULL, 0, pg_current_snapshot()::text
        """
            .replace("%s", names + "_events");
    try (Statement statement = session.createStatement()) {
      this.notifications = session.unwrap(PGConnection.class);
      // The rows are few, whatever was seen when the server made its plan.
      statement.execute("SET enable_seqscan = off");
      statement.execute(
          "LISTEN \"" + text(statement, "SELECT name FROM " + names + "_channel") + '"');
      this.seen = text(statement, "SELECT pg_current_snapshot()::text");
      String put = names + "_put_soon(text[], integer[], integer)";
      if (text(statement, "SELECT has_function_privilege('public', '" + put + "', 'EXECUTE')")
          .equals("t")) {
        LOG.warn(
            "everybody may set events in the PostgreSQL at {}, as after a restore without its"
                + " roles; mend it by: doorbell store init --store URL",
            settings.address());
      }
    } catch (SQLException | RuntimeException | Error e) {
      PostgresSessions.end(session);
      throw e;
    }
  }

  private static String text(Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  /** Tells of sets from now on, on a thread of its own. */
  void begin() {
    Thread.ofPlatform().daemon().name("doorbell-postgres-hears").start(this::hear);
  }

  private void hear() {
    Throwable why = new SQLException("the connection was closed");
    try {
      while (!closing) {
        PGNotification[] told = notifications.getNotifications(LISTEN_MILLIS);
        if (told != null && told.length > 0) {
          tellNew();
        }
      }
    } catch (SQLException | RuntimeException | Error e) {
      why = e;
    } finally {
      onEnd.accept(why);
    }
  }

  private void tellNew() throws SQLException {
    int rows = 0;
    try (PreparedStatement look = session.prepareStatement(newRows)) {
      look.setString(1, seen);
      look.setInt(2, MOST_ROWS);
      look.setString(3, seen);
      look.setInt(4, MOST_ROWS);
      try (ResultSet row = look.executeQuery()) {
        while (row.next()) {
          String snapshot = row.getString(3);
          if (snapshot != null) {
            seen = snapshot;
          } else {
            rows++;
            tell(row.getString(1), row.getInt(2));
          }
        }
      }
    }
    if (rows >= MOST_ROWS) {
      owner.onGap();
    }
  }

  /** A row that somebody wrote by hand may have any text. */
  private void tell(String id, int spreadMillis) {
    try {
      owner.onSet(EventId.parse(id), Math.max(0, spreadMillis));
    } catch (IllegalArgumentException e) {
      LOG.debug("not an id: {}", id);
    }
  }

  void close() {
    closing = true;
    PostgresSessions.end(session);
  }
}
