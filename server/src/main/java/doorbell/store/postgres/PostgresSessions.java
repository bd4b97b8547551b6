package doorbell.store.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.postgresql.Driver;
import org.postgresql.PGConnection;

/**
 * A few connections to one server, each for one thread at a time: as many threads, so none waits
 * for a connection. They end together.
 */
final class PostgresSessions {
  /** Seconds within which a server answers, or the connection is given up. */
  static final int TIMEOUT_SECONDS = 5;

  private static final int CONNECT_SECONDS = 2;

  /** A statement takes less time, and its commit may take more: {@link #write}. */
  private static final int STATEMENT_MILLIS = 4_000;

  /**
   * Seconds within which a write is committed, or the server is asked to cancel it: a commit that
   * waits for a standby would wait on without its connection.
   */
  private static final int WRITE_SECONDS = 4;

  private static final int CANCELS = 2;

  private final List<Connection> all = new ArrayList<>();
  private final BlockingQueue<Connection> idle = new LinkedBlockingQueue<>();
  private final ExecutorService threads;
  private final Consumer<Throwable> onBroken;
  private volatile boolean closed;

  /** Work on a connection, which commits each statement by itself. */
  interface Work<T> {
    T on(Connection session) throws SQLException;
  }

  private PostgresSessions(int count, Consumer<Throwable> onBroken) {
    this.onBroken = onBroken;
    this.threads =
        Executors.newFixedThreadPool(
            count, Thread.ofPlatform().daemon().name("doorbell-postgres-", 0).factory());
  }

  /**
   * Connects {@code count} times. Blocks. {@code onBroken} is told, perhaps often, why one has
   * ended.
   */
  static PostgresSessions open(PostgresAddress address, int count, Consumer<Throwable> onBroken)
      throws SQLException {
    PostgresSessions sessions = new PostgresSessions(count, onBroken);
    try {
      for (int i = 0; i < count; i++) {
        Connection session = connect(address);
        sessions.all.add(session);
        sessions.idle.add(session);
      }
      return sessions;
    } catch (SQLException | RuntimeException | Error e) {
      sessions.close();
      throw e;
    }
  }

  /** Connects once, to the server that takes sets. Blocks. */
  static Connection connect(PostgresAddress address) throws SQLException {
    Properties properties = new Properties();
    if (address.user() != null) {
      properties.setProperty("user", address.user());
    }
    if (address.password() != null) {
      properties.setProperty("password", address.password());
    }
    properties.setProperty("connectTimeout", Integer.toString(CONNECT_SECONDS));
    properties.setProperty("socketTimeout", Integer.toString(TIMEOUT_SECONDS));
    properties.setProperty("cancelSignalTimeout", Integer.toString(CONNECT_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    properties.setProperty("ApplicationName", "doorbell");
    if (address.hosts().contains(",")) {
      properties.setProperty("targetServerType", "primary");
    }
    Connection session = new Driver().connect(address.url(), properties);
    if (session == null) {
      throw new SQLException("the driver doesn't know this address");
    }
    try (Statement statement = session.createStatement()) {
      // Whatever the database or the role has for others.
      statement.execute("SET default_transaction_isolation = 'read committed'");
      statement.execute("SET lock_timeout = 0");
      statement.execute("SET client_min_messages = warning"); // One is looked for: see confirm.
      statement.execute("SET statement_timeout = " + STATEMENT_MILLIS);
      statement.execute(
          "SELECT set_config(name, '0', false) FROM pg_settings"
              + " WHERE name = 'idle_session_timeout'");
    }
    return session;
  }

  /** Has the server end a statement that takes longer. Blocks. */
  void limit(int millis) throws SQLException {
    for (Connection session : all) {
      try (Statement statement = session.createStatement()) {
        statement.execute("SET statement_timeout = " + millis);
      }
    }
  }

  /** A statement that writes. Its commit, too, ends in time. */
  static PreparedStatement write(Connection session, String sql) throws SQLException {
    PreparedStatement write = session.prepareStatement(sql);
    write.setQueryTimeout(WRITE_SECONDS);
    return write;
  }

  /**
   * Fails if a commit no longer waited for its standby: it is there, but a standby that takes over
   * may lack it. Hands on what else the server warns of.
   */
  static void confirm(Statement write, Consumer<SQLWarning> others) throws SQLException {
    for (SQLWarning one = write.getWarnings(); one != null; one = one.getNextWarning()) {
      if (PostgresFault.isUnconfirmed(one)) {
        throw one;
      }
      others.accept(one);
    }
  }

  /** Does the work as soon as a connection is free. Doesn't block. */
  <T> CompletionStage<T> run(Work<T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    try {
      threads.execute(() -> run(work, done));
    } catch (RejectedExecutionException e) {
      done.completeExceptionally(e);
    }
    return done;
  }

  private <T> void run(Work<T> work, CompletableFuture<T> done) {
    Connection session = idle.remove();
    T value;
    try {
      if (closed) {
        throw new SQLException("the connections to this PostgreSQL have ended");
      }
      value = work.on(session);
    } catch (Throwable failure) {
      idle.add(session);
      if (isBroken(session) || PostgresFault.isStandby(failure)) {
        onBroken.accept(failure);
      }
      done.completeExceptionally(failure);
      return;
    }
    idle.add(session);
    done.complete(value);
  }

  private static boolean isBroken(Connection session) {
    try {
      return session.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  /**
   * Ends all connections: what is under way, or waits for a thread, fails. What is under way is
   * canceled first, in threads of its own since that blocks for some seconds at most.
   */
  CompletableFuture<Void> close() {
    closed = true;
    threads.shutdown();
    return CompletableFuture.runAsync(this::cancelAndEnd, PostgresSessions::inItsOwnThread);
  }

  private void cancelAndEnd() {
    try { // The second time for what began as the first came.
      for (int i = 0; i < CANCELS && !threads.isTerminated(); i++) {
        List<Connection> busy = new ArrayList<>(all);
        busy.removeAll(idle);
        busy.forEach(session -> inItsOwnThread(() -> cancel(session)));
        threads.awaitTermination(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      all.forEach(PostgresSessions::end);
    }
  }

  private static void inItsOwnThread(Runnable task) {
    Thread.ofPlatform().daemon().name("doorbell-postgres-end").start(task);
  }

  private static void cancel(Connection session) {
    try {
      session.unwrap(PGConnection.class).cancelQuery();
    } catch (SQLException e) {
      // It has ended, as wanted.
    }
  }

  /** Ends a connection at once, whatever it is at. */
  static void end(Connection session) {
    try {
      session.abort(Runnable::run);
    } catch (SQLException e) {
      // It has ended, as wanted.
    }
  }
}
