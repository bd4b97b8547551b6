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
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to a PostgreSQL: some for sets, some for look-ups, and one that hears. When one
 * ends, all do, and the link is not used again.
 */
final class PostgresLink implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresLink.class);

  /** Time for which a batch waits for a row that somebody's open transaction has. */
  private static final int LOCK_MILLIS = 500;

  /** The same for each set of such a batch, alone, until one was waited for; and then. */
  private static final int ALONE_MILLIS = 50;

  private static final int HURRY_MILLIS = 20;

  /**
   * Time for all rows of a batch; less than the server's deadlock_timeout, so that the
   * application's transaction is never the one that is ended.
   */
  private static final int PUT_MILLIS = 700;

  /** Time for which a row is known to be somebody's, without asking. */
  private static final long LOCKED_NANOS = 1_000_000_000L;

  private static final int MOST_LOCKED = 10_000;

  private static final int SET_SESSIONS = 3;
  private static final int LOOK_SESSIONS = 2;

  /** Rows that are deleted at a time, at most. */
  private static final int FORGOTTEN = 5_000;

  /** So many times fewer after a deletion that took too long, of which nothing is left. */
  private static final int FEWER = 8;

  private final PostgresSettings settings;

  /** How the names of table and functions begin. */
  private final String names;

  private final Owner owner;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final Batches sets = new Batches(SET_SESSIONS, this::set);
  private final Batches looks = new Batches(LOOK_SESSIONS, this::look);
  private final PostgresSessions setSessions;
  private final PostgresSessions lookSessions;
  private final PostgresHearing hearing;
  private final AtomicBoolean forgetting = new AtomicBoolean();

  /** Rows that are deleted next. Belongs to whoever is forgetting. */
  private volatile int forgotten = FORGOTTEN;

  /** Ids whose rows were an open transaction's, and until when that is taken for true. */
  private final Map<EventId, Long> locked = new ConcurrentHashMap<>();

  /** What the server has warned of last, without its numbers. */
  private final AtomicReference<String> warned = new AtomicReference<>("");

  private volatile boolean ended;

  /** The bell before; its row is not needed any more. */
  private @Nullable EventId rung;

  /** Connects. Blocks. */
  private PostgresLink(PostgresSettings settings, Owner owner) throws SQLException {
    this.settings = settings;
    this.names = settings.address().prefix(settings.prefix());
    this.owner = owner;
    List<Runnable> made = new ArrayList<>();
    try {
      hearing = new PostgresHearing(settings, owner, this::end);
      made.add(hearing::close);
      setSessions = PostgresSessions.open(settings.address(), SET_SESSIONS, this::end);
      made.add(setSessions::close);
      lookSessions = PostgresSessions.open(settings.address(), LOOK_SESSIONS, this::end);
      made.add(lookSessions::close);
      setSessions.limit(PUT_MILLIS);
      hearing.begin();
    } catch (SQLException | RuntimeException | Error e) {
      made.forEach(Runnable::run);
      throw e;
    }
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

  private void end(Throwable why) {
    ended = true;
    owner.onEnd(this, why);
  }

  private CompletionStage<List<@Nullable Vote>> look(List<Call> calls) {
    return lookSessions.run(session -> look(session, calls));
  }

  private List<@Nullable Vote> look(Connection session, List<Call> calls) throws SQLException {
    Set<String> found = new HashSet<>();
    try (PreparedStatement look =
        session.prepareStatement("SELECT id FROM " + names + "_events WHERE id = ANY (?)")) {
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

  /** Sets whose rows are an open transaction's have no vote: they wait for that one's end. */
  private List<@Nullable Vote> set(Connection session, List<Call> calls) throws SQLException {
    long now = System.nanoTime();
    locked.values().removeIf(until -> until - now <= 0);
    List<Call> free = calls.stream().filter(call -> !locked.containsKey(call.id)).toList();
    Map<Call, Vote> votes = new HashMap<>();
    try {
      put(session, free, LOCK_MILLIS, votes);
    } catch (SQLException e) {
      if (!PostgresFault.isLocked(e)) {
        throw e;
      }
      setAlone(session, free, votes);
    }
    List<@Nullable Vote> inOrder = new ArrayList<>();
    calls.forEach(call -> inOrder.add(votes.get(call)));
    return inOrder;
  }

  private void setAlone(Connection session, List<Call> calls, Map<Call, Vote> votes)
      throws SQLException {
    int millis = ALONE_MILLIS;
    for (Call call : calls) {
      try {
        put(session, List.of(call), millis, votes);
      } catch (SQLException e) {
        if (!PostgresFault.isLocked(e)) {
          throw e;
        }
        millis = HURRY_MILLIS;
        if (locked.size() < MOST_LOCKED) {
          locked.put(call.id, System.nanoTime() + LOCKED_NANOS);
        }
      }
    }
  }

  /** Sets all in one transaction. An id that is there twice is the first once. */
  private void put(Connection session, List<Call> calls, int lockMillis, Map<Call, Vote> votes)
      throws SQLException {
    if (calls.isEmpty()) {
      return;
    }
    Integer[] spreads =
        calls.stream()
            .map(call -> (int) Math.min(call.spreadMillis, Integer.MAX_VALUE))
            .toArray(Integer[]::new);
    Set<String> first = new HashSet<>();
    try (PreparedStatement put =
        PostgresSessions.write(session, "SELECT " + names + "_put_soon(?, ?, ?)")) {
      put.setArray(1, session.createArrayOf("text", texts(calls)));
      put.setArray(2, session.createArrayOf("int4", spreads));
      put.setInt(3, lockMillis);
      try (ResultSet row = put.executeQuery()) {
        row.next();
        first.addAll(List.of((String[]) requireNonNull(row.getArray(1)).getArray()));
      }
      PostgresSessions.confirm(put, this::pass);
    }
    for (Call call : calls) {
      votes.put(call, first.remove(call.id.toString()) ? Vote.YES : Vote.NO);
    }
  }

  /** Tells what the server warns of, not anew for each set, nor where only a number differs. */
  private void pass(SQLWarning warning) {
    String text = PostgresFault.text(warning);
    String kind = text.replaceAll("[0-9]+", "0");
    if (!kind.equals(warned.getAndSet(kind))) {
      LOG.warn("the PostgreSQL at {} warns: {}", settings.address(), text);
    }
  }

  /** Sets a new id, which is heard by whoever hears, and deletes the one before. */
  CompletionStage<Boolean> ring(EventId bell) {
    EventId before = rung;
    rung = bell;
    return lookSessions.run(
        session -> {
          put(session, List.of(new Call(bell, 0)), LOCK_MILLIS, new HashMap<>());
          if (before != null) {
            try (PreparedStatement delete =
                PostgresSessions.write(session, "DELETE FROM " + names + "_events WHERE id = ?")) {
              delete.setString(1, before.toString());
              delete.execute();
            }
          }
          return true;
        });
  }

  /** Deletes what need not be remembered any longer: some, and then the next. */
  void forget() {
    if (!forgetting.getAndSet(true)) {
      forgetNext();
    }
  }

  private void forgetNext() {
    lookSessions
        .run(this::forgetSome)
        .whenComplete(
            (isMore, failure) -> {
              if (failure == null && isMore) {
                forgetNext();
                return;
              }
              forgetting.set(false);
              if (failure != null && !ended) {
                LOG.warn(
                    "old sets can't be deleted: {}; the next try is for {} of them",
                    PostgresFault.sentence(settings.address(), failure),
                    forgotten);
              }
            });
  }

  /**
   * A minute longer, since a set that is repeated begins anew once a minute at most. Waits for no
   * standby: a row that one has still is deleted again.
   */
  private boolean forgetSome(Connection session) throws SQLException {
    String table = names + "_events";
    int most = forgotten;
    forgotten = Math.max(1, most / FEWER); // Unless this succeeds.
    try (PreparedStatement delete =
        PostgresSessions.write(
            session,
            ("WITH old AS (SELECT clock_timestamp()"
                    + " - interval '1 minute' - ? * interval '1 ms' AS at"
                    + " FROM set_config('synchronous_commit', 'local', true))"
                    + " DELETE FROM %s USING old WHERE set_at < old.at AND id IN (SELECT id FROM %s"
                    + " WHERE set_at < (SELECT at FROM old) ORDER BY set_at LIMIT "
                    + most
                    + ")")
                .formatted(table, table))) {
      delete.setLong(1, settings.remember().toMillis());
      boolean isMore = delete.executeUpdate() == most;
      forgotten = Math.min(FORGOTTEN, 2 * most);
      return isMore;
    }
  }

  @Override
  public CompletableFuture<Void> close() {
    ended = true;
    StoreException end = new StoreException("the connection to this PostgreSQL has ended");
    sets.end(end);
    looks.end(end);
    if (closing.getAndSet(true)) {
      return CompletableFuture.completedFuture(null);
    }
    hearing.close();
    return CompletableFuture.allOf(setSessions.close(), lookSessions.close());
  }
}
