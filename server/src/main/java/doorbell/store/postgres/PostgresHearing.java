package doorbell.store.postgres;

import doorbell.event.EventId;
import doorbell.store.replica.Link.Owner;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
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
  private final Runnable onEnd;
  private final String newRows;
  private volatile boolean closing;

  /** What was seen: a snapshot, as the server writes it. */
  private String seen;

  /** Connects, and listens. Blocks. */
  PostgresHearing(PostgresSettings settings, Owner owner, Runnable onEnd) throws SQLException {
    this.owner = owner;
    this.onEnd = onEnd;
    this.session = PostgresSessions.connect(settings.address());
    String table = settings.prefix() + "_events";
    this.newRows =
        """
        (SELECT id, spread FROM %s WHERE tx >= pg_snapshot_xmax(?::pg_snapshot) LIMIT ?)
        UNION ALL
        (SELECT id, spread FROM %s
         WHERE tx = ANY (ARRAY(SELECT pg_snapshot_xip(?::pg_snapshot))) LIMIT ?)
        UNION ALL
        SELECT pg_current_snapshot()::text, -1
        """
            .formatted(table, table);
    try (Statement statement = session.createStatement()) {
      this.notifications = session.unwrap(PGConnection.class);
      // The rows are few, whatever was seen when the server made its plan.
      statement.execute("SET enable_seqscan = off");
      statement.execute("LISTEN " + settings.prefix());
      this.seen = snapshot(statement);
    } catch (SQLException | RuntimeException | Error e) {
      PostgresSessions.end(session);
      throw e;
    }
  }

  private static String snapshot(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SELECT pg_current_snapshot()::text")) {
      row.next();
      return row.getString(1);
    }
  }

  /** Tells of sets from now on, on a thread of its own. */
  void begin() {
    Thread.ofPlatform().daemon().name("doorbell-postgres-hears").start(this::hear);
  }

  private void hear() {
    try {
      while (!closing) {
        PGNotification[] told = notifications.getNotifications(LISTEN_MILLIS);
        if (told != null && told.length > 0) {
          tellNew();
        }
      }
    } catch (SQLException | RuntimeException | Error e) {
      if (!closing && !(e instanceof SQLException)) {
        LOG.error("a fault of this node's own", e);
      }
    } finally {
      onEnd.run();
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
          if (row.getInt(2) < 0) {
            seen = row.getString(1);
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
      owner.onSet(EventId.parse(id), spreadMillis);
    } catch (IllegalArgumentException e) {
      LOG.debug("not an id: {}", id);
    }
  }

  void close() {
    closing = true;
    PostgresSessions.end(session);
  }
}
