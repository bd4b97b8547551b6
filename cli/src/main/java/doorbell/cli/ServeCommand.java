package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import doorbell.http.HttpOptions;
import doorbell.http.Transport;
import doorbell.store.RocksStore.Sync;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Visibility;
import picocli.CommandLine.Option;

/** Runs a node until it is told to end. */
@Command(
    name = "serve",
    description =
        "Runs a node. Each option may also be an environment variable (DOORBELL_MAX_WAIT for"
            + " --max-wait) or a line of the --config file (max-wait=1h). Times are like 90s, 15m,"
            + " 24h or 7d.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true)
final class ServeCommand implements Callable<Integer> {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8080",
      converter = Values.HostPort.class,
      description = "Where to listen; port 0 is any free one.")
  private InetSocketAddress listen = InetSocketAddress.createUnresolved("127.0.0.1", 8080);

  @Option(
      names = "--store",
      paramLabel = "STORE",
      defaultValue = "rocksdb:doorbell-data",
      description = "What remembers sets: rocksdb:DIR, or memory.")
  private String store = "";

  @Option(
      names = "--remember",
      paramLabel = "TIME",
      defaultValue = "24h",
      converter = Values.Time.class,
      description = "How long a set is remembered, at least.")
  private Duration remember = Duration.ZERO;

  @Option(
      names = "--sync",
      paramLabel = "always|os",
      defaultValue = "always",
      description =
          "When a set is acknowledged. always: the disk has it, and it survives a power cut; os:"
              + " the system has it, and it survives kill -9.")
  private Sync sync = Sync.ALWAYS;

  @Option(
      names = "--max-wait",
      paramLabel = "TIME",
      defaultValue = "1h",
      converter = Values.Time.class,
      description = "The longest that a wait is held; then it is told to ask again.")
  private Duration maxWait = Duration.ZERO;

  @Option(
      names = "--max-waits",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "How many waits may be parked; more get 503.")
  private int maxWaits;

  @Option(
      names = "--max-waits-per-address",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "How many waits one client address may park; more get 429. 0 is no limit, as it must be"
              + " behind a proxy.")
  private int maxWaitsPerAddress;

  @Option(
      names = "--base-path",
      paramLabel = "/PATH",
      defaultValue = "",
      showDefaultValue = Visibility.NEVER,
      description = "A path that all paths stand under too, for a proxy that passes it on.")
  private String basePath = "";

  @Option(
      names = "--drain",
      paramLabel = "TIME",
      defaultValue = "5s",
      converter = Values.Time.class,
      description = "How long parked waits are given to come back elsewhere when the node ends.")
  private Duration drain = Duration.ZERO;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "What carries the sockets: ${COMPLETION-CANDIDATES}.")
  private Transport transport = Transport.AUTO;

  @Option(
      names = "--loops",
      paramLabel = "N",
      defaultValue = "0",
      description = "Event loops, each a thread; 0 is one for each core.")
  private int loops;

  @Option(
      names = "--head-timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = Values.Time.class,
      description = "How long a request may take to arrive.")
  private Duration headTimeout = Duration.ZERO;

  @Option(
      names = "--idle-timeout",
      paramLabel = "TIME",
      defaultValue = "75s",
      converter = Values.Time.class,
      description = "How long a connection may stay open between requests.")
  private Duration idleTimeout = Duration.ZERO;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A file with a line for each option: max-wait=1h.")
  @SuppressWarnings("UnusedVariable") // Defaults has read it by the time that it is parsed
  private @Nullable Path config;

  @Override
  public Integer call() throws InterruptedException {
    return run(new Options(http(), store, remember, sync, drain));
  }

  private HttpOptions http() {
    int cores = Runtime.getRuntime().availableProcessors();
    return new HttpOptions(
        listen,
        transport,
        loops == 0 ? cores : loops,
        basePath,
        maxWait,
        maxWaits,
        maxWaitsPerAddress,
        headTimeout,
        idleTimeout);
  }

  private static int run(Options options) throws InterruptedException {
    Doorbell node = Doorbell.start(options);
    Ending.at(node::close);
    System.out.println("doorbell: listening on " + Values.url(node.address()));
    return Ending.await();
  }
}
