package doorbell.store.postgres;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A PostgreSQL of a test's own, on a free port of the loopback, in a folder of its own. */
public final class PostgresServer implements AutoCloseable {
  private static final Path VERSIONS = Path.of("/usr/lib/postgresql");

  /** PostgreSQL doesn't run as root. */
  private static final String USER = "postgres";

  /** Ports that no system gives to whoever connects: they stay free while the server is away. */
  private static final int FIRST_PORT = 20_000;

  private static final int LAST_PORT = 32_000;

  /** Whose password is asked for; all others are let in. */
  private static final String HBA =
      """
      host all guarded 127.0.0.1/32 scram-sha-256
      host all refused 127.0.0.1/32 reject
      host all all 127.0.0.1/32 trust
      host replication all 127.0.0.1/32 trust
      """;

  /** Ended with the tests, however those end. */
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
  }

  private final Path folder;
  private final int port;
  private @Nullable Process process;

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
    port = freePort();
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

  private static int freePort() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      try {
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
        return port;
      } catch (BindException taken) {
        // Another one, then.
      }
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
    Process started =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    RUNNING.add(started);
    process = started;
    try {
      await().atMost(1, TimeUnit.MINUTES).until(() -> !started.isAlive() || isReady());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
    if (!started.isAlive()) {
      String log = Files.readString(folder.resolve("log"));
      close();
      throw new IOException(log);
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
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=" + user);
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
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    ProcessHandle server = running().toHandle();
    command.add(Long.toString(server.pid()));
    server.descendants().forEach(one -> command.add(Long.toString(one.pid())));
    new ProcessBuilder(command).start().waitFor();
  }

  private Process running() {
    Process now = process;
    if (now == null) {
      throw new IllegalStateException("this PostgreSQL was ended");
    }
    return now;
  }

  /** Ends it at once, without a checkpoint, as a crash does. */
  public void kill() throws Exception {
    Process ended = running();
    process = null;
    new ProcessBuilder("kill", "-QUIT", Long.toString(ended.pid())).start().waitFor();
    ended.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    RUNNING.remove(ended);
  }

  /** Has a copy take sets from now on. */
  public void promote() throws SQLException {
    say("SELECT pg_promote()");
  }

  @Override
  public void close() throws IOException {
    Process ended = process;
    process = null;
    if (ended != null) {
      List<ProcessHandle> children = ended.toHandle().descendants().toList();
      ended.destroyForcibly().onExit().orTimeout(1, TimeUnit.MINUTES).join();
      children.forEach(ProcessHandle::destroyForcibly);
      RUNNING.remove(ended);
    }
    new ProcessBuilder("rm", "-rf", folder.toString()).start().onExit().join();
  }
}
