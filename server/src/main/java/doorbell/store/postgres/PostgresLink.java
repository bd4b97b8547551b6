package doorbell.store.postgres;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.event.StoreException;
import doorbell.store.replica.Batches;
import doorbell.store.replica.Batches.Call;
import doorbell.store.replica.Link;
import doorbell.store.replica.Replica.Vote;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to a PostgreSQL: some for sets, some for look-ups, and one that hears. When one
 * ends, all do, and the link is not used again.
 */
final class PostgresLink implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresLink.class);

  /**
   * Time for which a batch waits for a row that somebody's open transaction has; less than the
   * server's deadlock_timeout, so that the application's transaction is never the one that is
   * ended.
   */
  static final int LOCK_MILLIS = 500;

  /** The same for each set of such a batch, alone. */
  private static final int ALONE_MILLIS = 50;

  private static final int SET_SESSIONS = 3;
  private static final int LOOK_SESSIONS = 2;

  /** Rows that are deleted at a time. */
  private static final int FORGOTTEN = 5_000;

  private final PostgresSettings settings;
  private final Owner owner;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final Batches sets = new Batches(SET_SESSIONS, this::set);
  private final Batches looks = new Batches(LOOK_SESSIONS, this::look);
  private final PostgresSessions setSessions;
  private final PostgresSessions lookSessions;
  private final PostgresHearing hearing;
  private volatile boolean ended;

  /** The bell before; its row is not needed any more. */
  private @Nullable EventId rung;

  /** Connects. Blocks. */
  private PostgresLink(PostgresSettings settings, Owner owner) throws SQLException {
    this.settings = settings;
    this.owner = owner;
    List<Runnable> made = new ArrayList<>();
    try {
      hearing = new PostgresHearing(settings, owner, this::end);
      made.add(hearing::close);
      setSessions = PostgresSessions.open(settings.address(), SET_SESSIONS, this::end);
      made.add(setSessions::close);
      lookSessions = PostgresSessions.open(settings.address(), LOOK_SESSIONS, this::end);
    } catch (SQLException | RuntimeException | Error e) {
      made.forEach(Runnable::run);
      throw e;
    }
    hearing.begin();
  }

  /** Connects, in a thread of its own since that blocks: complete when each set is heard. */
  static CompletionStage<PostgresLink> open(PostgresSettings settings, Owner owner) {
    CompletableFuture<PostgresLink> made = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("doorbell-postgres-connect")
        .start(
            () -> {
              try {
                made.complete(new PostgresLink(settings, owner));
              } catch (SQLException | RuntimeException | Error e) {
                made.completeExceptionally(e);
              }
            });
    return made;
  }

  @Override
  public Batches sets() {
    return sets;
  }

  @Override
  public Batches looks() {
    return looks;
  }

  @Override
  public boolean hasEnded() {
    return ended;
  }

  private void end() {
    ended = true;
    owner.onEnd(this);
  }

  private CompletionStage<List<@Nullable Vote>> look(List<Call> calls) {
    return lookSessions.run(session -> look(session, calls));
  }

  private List<@Nullable Vote> look(Connection session, List<Call> calls) throws SQLException {
    Set<String> found = new HashSet<>();
    try (PreparedStatement look =
        session.prepareStatement(
            "SELECT id FROM " + settings.prefix() + "_events WHERE id = ANY (?)")) {
      look.setArray(1, session.createArrayOf("text", texts(calls)));
      try (ResultSet rows = look.executeQuery()) {
        while (rows.next()) {
          found.add(rows.getString(1));
        }
      }
    }
    List<@Nullable Vote> votes = new ArrayList<>();
    for (Call call : calls) {
      votes.add(found.contains(call.id.toString()) ? Vote.YES : Vote.NO);
    }
    return votes;
  }

  private static String[] texts(List<Call> calls) {
    return calls.stream().map(call -> call.id.toString()).toArray(String[]::new);
  }

  private CompletionStage<List<@Nullable Vote>> set(List<Call> calls) {
    return setSessions.run(session -> set(session, calls));
  }

  private List<@Nullable Vote> set(Connection session, List<Call> calls) throws SQLException {
    try {
      return put(session, calls);
    } catch (SQLException e) {
      if (!PostgresFault.isLocked(e)) {
        throw e;
      }
    }
    PostgresSessions.limit(session, ALONE_MILLIS);
    List<@Nullable Vote> votes = new ArrayList<>();
    for (Call call : calls) {
      votes.add(alone(session, call));
    }
    PostgresSessions.limit(session, LOCK_MILLIS);
    return votes;
  }

  /** A set whose row an open transaction has can't be acknowledged before that one ends. */
  private @Nullable Vote alone(Connection session, Call call) throws SQLException {
    try {
      return put(session, List.of(call)).getFirst();
    } catch (SQLException e) {
      if (PostgresFault.isLocked(e)) {
        return null;
      }
      throw e;
    }
  }

  /** Sets all in one transaction. An id that is there twice is the first once. */
  private List<@Nullable Vote> put(Connection session, List<Call> calls) throws SQLException {
    Integer[] spreads =
        calls.stream()
            .map(call -> (int) Math.min(call.spreadMillis, Integer.MAX_VALUE))
            .toArray(Integer[]::new);
    Set<String> first = new HashSet<>();
    try (PreparedStatement put =
        session.prepareStatement("SELECT " + settings.prefix() + "_put(?, ?)")) {
      put.setArray(1, session.createArrayOf("text", texts(calls)));
      put.setArray(2, session.createArrayOf("int4", spreads));
      try (ResultSet row = put.executeQuery()) {
        row.next();
        first.addAll(List.of((String[]) requireNonNull(row.getArray(1)).getArray()));
      }
    }
    List<@Nullable Vote> votes = new ArrayList<>();
    for (Call call : calls) {
      votes.add(first.remove(call.id.toString()) ? Vote.YES : Vote.NO);
    }
    return votes;
  }

  /** Sets a new id, which is heard by whoever hears, and deletes the one before. */
  CompletionStage<Boolean> ring(EventId bell) {
    EventId before = rung;
    rung = bell;
    return lookSessions.run(
        session -> {
          put(session, List.of(new Call(bell, 0)));
          if (before != null) {
            try (PreparedStatement delete =
                session.prepareStatement(
                    "DELETE FROM " + settings.prefix() + "_events WHERE id = ?")) {
              delete.setString(1, before.toString());
              delete.execute();
            }
          }
          return true;
        });
  }

  /** Deletes what need not be remembered any longer: some, and then the next. */
  void forget() {
    lookSessions
        .run(this::forgetSome)
        .whenComplete(
            (count, failure) -> {
              if (failure != null && !ended && !PostgresFault.isLocked(failure)) {
                LOG.warn(
                    "old sets can't be deleted: {}",
                    PostgresFault.sentence(settings.address(), failure));
              } else if (failure == null && count == FORGOTTEN) {
                forget();
              }
            });
  }

  /** A minute longer, since a set that is repeated begins anew once a minute at most. */
  private int forgetSome(Connection session) throws SQLException {
    String table = settings.prefix() + "_events";
    try (PreparedStatement delete =
        session.prepareStatement(
            ("WITH old AS (SELECT clock_timestamp()"
                    + " - interval '1 minute' - ? * interval '1 ms' AS at)"
                    + " DELETE FROM %s USING old WHERE set_at < old.at AND id IN (SELECT id FROM %s"
                    + " WHERE set_at < (SELECT at FROM old) ORDER BY set_at LIMIT "
                    + FORGOTTEN
                    + ")")
                .formatted(table, table))) {
      delete.setLong(1, settings.remember().toMillis());
      return delete.executeUpdate();
    }
  }

  @Override
  public CompletableFuture<Void> close() {
    ended = true;
    StoreException end = new StoreException("the connection to this PostgreSQL has ended");
    sets.end(end);
    looks.end(end);
    if (!closing.getAndSet(true)) {
      hearing.close();
      setSessions.close();
      lookSessions.close();
    }
    return CompletableFuture.completedFuture(null);
  }
}
