package doorbell.store.postgres;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import doorbell.store.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL of a test's own, on a free port of the loopback, in a folder of its own. */
public final class PostgresServer implements AutoCloseable {
  private static final Path VERSIONS = Path.of("/usr/lib/postgresql");

  /** PostgreSQL doesn't run as root. */
  private static final String USER = "postgres";

  /** Whose password is asked for; all others are let in. */
  private static final String HBA =
      """
      host all guarded 127.0.0.1/32 scram-sha-256
      host all refused 127.0.0.1/32 reject
      host all all 127.0.0.1/32 trust
      host replication all 127.0.0.1/32 trust
      """;

  private final Path folder;
  private final int port;
  private @Nullable ServerProcess process;

  /** Starts one; the test is skipped where there is no PostgreSQL. */
  public PostgresServer() throws Exception {
    this(null);
  }

  /**
   * Starts one: a copy of {@code master}, which takes no sets until it is promoted, or a new one.
   */
  public PostgresServer(@Nullable PostgresServer master) throws Exception {
    assumeTrue(isInstalled(), "PostgreSQL isn't installed: script/bootstrap does that");
    folder = Files.createTempDirectory("doorbell-postgres");
    port = ServerProcess.freePort();
    if (isRoot()) {
      run("chown", USER, folder.toString());
    }
    if (master == null) {
      run(own("initdb", "-D", data(), "-U", USER, "-A", "trust", "-N", "-E", "UTF8"));
      Files.writeString(Path.of(data(), "pg_hba.conf"), HBA);
    } else {
      String from = "host=127.0.0.1 user=postgres port=" + master.port;
      run(own("pg_basebackup", "-D", data(), "-R", "-c", "fast", "-d", from));
    }
    start();
  }

  private String data() {
    return folder.resolve("data").toString();
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  public static boolean isInstalled() {
    return Files.isDirectory(VERSIONS);
  }

  /** The newest version's program, as a user that may run it. */
  private static List<String> own(String program, String... words) throws IOException {
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      command.addAll(List.of("setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"));
    }
    try (Stream<Path> versions = Files.list(VERSIONS)) {
      Path newest =
          versions
              .max(Comparator.comparingInt(one -> Integer.parseInt(one.getFileName().toString())))
              .orElseThrow();
      command.add(newest.resolve("bin").resolve(program).toString());
    }
    command.addAll(List.of(words));
    return command;
  }

  private void run(String... command) throws Exception {
    run(List.of(command));
  }

  private void run(List<String> command) throws Exception {
    Path log = folder.resolve("setup.log");
    Process once =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    if (once.waitFor() != 0) {
      throw new IOException(Files.readString(log));
    }
  }

  public void start() throws Exception {
    String port = Integer.toString(this.port);
    List<String> command = new ArrayList<>(own("postgres", "-D", data(), "-p", port));
    // What is written outlives a kill. To sync guards against a loss of power alone, and stalls.
    for (String setting :
        List.of(
            "fsync=off",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "shared_buffers=16MB",
            "max_prepared_transactions=2")) {
      command.addAll(List.of("-c", setting));
    }
    try {
      process = ServerProcess.start(command, folder, this::isReady);
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private boolean isReady() {
    try (Connection _ = connect(USER)) {
      return true;
    } catch (SQLException e) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  /** The text of a store there, as a superuser's, which may do all. */
  public String url() {
    return url(USER);
  }

  public String url(String user) {
    return "postgresql://" + user + "@127.0.0.1:" + port + "/postgres";
  }

  public Connection connect(String user) throws SQLException {
    return connect(user, "postgres");
  }

  Connection connect(String user, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=" + user);
  }

  /**
   * Restores a dump into a new database of {@code restorer}'s, as where the roles of the first are
   * not there.
   */
  void copyWithoutRoles(String database, String restorer) throws Exception {
    say("CREATE DATABASE " + database + " OWNER " + restorer);
    String at = "host=127.0.0.1 port=" + port + " user=";
    String dump = folder.resolve("dump").toString();
    String from = at + "postgres dbname=postgres";
    run(own("pg_dump", "--no-owner", "--no-acl", "-f", dump, "-d", from));
    String to = at + restorer + " dbname=" + database;
    run(own("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, "-d", to));
  }

  /** Runs SQL as a superuser; returns the first value, as text. */
  public @Nullable String say(String sql) throws SQLException {
    try (Connection session = connect(USER)) {
      return say(session, sql);
    }
  }

  /** Runs SQL; returns the first value, as text; null if there is none. */
  public static @Nullable String say(Connection session, String sql) throws SQLException {
    try (Statement statement = session.createStatement()) {
      boolean hasRows = statement.execute(sql);
      try (ResultSet rows = hasRows ? statement.getResultSet() : null) {
        return rows != null && rows.next() ? rows.getString(1) : null;
      }
    }
  }

  /** Sends a signal by its name, as STOP or CONT, to the server and all that serve a client. */
  public void signal(String name) throws Exception {
    running().signal(name);
  }

  private ServerProcess running() {
    ServerProcess now = process;
    if (now == null) {
      throw new IllegalStateException("this PostgreSQL was ended");
    }
    return now;
  }

  /** Ends it at once, without a checkpoint, as a crash does. */
  public void kill() throws Exception {
    ServerProcess ended = running();
    process = null;
    ended.end("QUIT");
  }

  /** Has a copy take sets from now on. */
  public void promote() throws SQLException {
    say("SELECT pg_promote()");
  }

  @Override
  public void close() throws IOException {
    ServerProcess ended = process;
    process = null;
    if (ended != null) {
      ended.end();
    }
    new ProcessBuilder("rm", "-rf", folder.toString()).start().onExit().join();
  }
}
