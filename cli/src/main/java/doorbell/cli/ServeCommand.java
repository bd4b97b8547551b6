package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import doorbell.http.HttpOptions;
import doorbell.io.Transport;
import doorbell.io.tls.PemFiles;
import doorbell.store.RocksStore.Sync;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The command that runs a node until the process is told to end. */
public final class ServeCommand {
  private static final long MEBI = 1 << 20;

  private static final List<Option> OPTIONS =
      List.of(
          Option.of(
                  "--listen",
                  "HOST:PORT",
                  "Where to listen; port 0 is any free one, [::]:PORT all addresses of this"
                      + " machine.")
              .or("127.0.0.1:8080"),
          Option.of(
              "--tls-cert",
              "FILE",
              "A certificate in PEM with its chain: clients come by TLS then, with HTTP/2 or 1.1."
                  + " It is taken again when it changes."),
          Option.of("--tls-key", "FILE", "The certificate's private key in PEM, no password."),
          Option.of("--store", "STORE", "Where sets are stored: rocksdb:DIR, or memory.")
              .or("rocksdb:doorbell-data"),
          Option.of("--remember", "TIME", "How long a set is remembered, at least.").or("24h"),
          Option.of(
                  "--sync",
                  "always|os",
                  "When a set is acknowledged. always: the disk has it, and it survives"
                      + " a power cut; os: the system has it, and it survives kill -9.")
              .or("always"),
          Option.of(
                  "--max-sets",
                  "N",
                  "How many sets the store memory remembers; more get 503. The disk bounds"
                      + " rocksdb. By default as many as fit into 5/32 of the heap (-Xmx).")
              .or(Integer.toString(Options.setsThatFit())),
          Option.of(
                  "--max-wait",
                  "TIME",
                  "The longest that a wait is held; then it is told to ask again.")
              .or("1h"),
          Option.of(
                  "--max-waits",
                  "N",
                  "How many waits may be parked, each id of them counted; more get 503."
                      + " By default as many as fit into 3/8 of the heap (-Xmx).")
              .or(Integer.toString(HttpOptions.waitsThatFit())),
          Option.of(
                  "--max-waits-per-address",
                  "N",
                  "How many of them one client address may park; more get 429. 0 is no limit,"
                      + " as it must be behind a proxy.")
              .or("0"),
          Option.of(
                  "--max-waits-per-connection",
                  "N",
                  "How many waits one WebSocket, or one connection of HTTP/2, may hold.")
              .or("1000"),
          Option.of(
                  "--max-buffered",
                  "SIZE",
                  "How many bytes clients may make the node hold beside their parked waits, like"
                      + " 64m; more get 503 or are cut off. By default 1/4 of the heap (-Xmx).")
              .or(HttpOptions.bytesThatFit() / MEBI + "m"),
          Option.of(
                  "--base-path",
                  "/PATH",
                  "A path that all paths stand under too, for a proxy that passes it on.")
              .or(""),
          Option.of(
                  "--drain",
                  "TIME",
                  "On shutdown: the time over which waiting clients are disconnected.")
              .or("5s"),
          Option.of("--transport", "NAME", "What carries the sockets: auto, io_uring, epoll, nio.")
              .or("auto"),
          Option.of("--loops", "N", "Event loops, each a thread; 0 is one for each core.").or("0"),
          Option.of("--head-timeout", "TIME", "How long a request may take to arrive.").or("10s"),
          Option.of(
                  "--idle-timeout", "TIME", "How long a connection may stay open between requests.")
              .or("75s"),
          Option.of("--config", "FILE", "A file with a line for each option: max-wait=1h."));

  static final Command COMMAND =
      new Command(
          "serve",
          "Runs a node. Each option may also be an environment variable (DOORBELL_MAX_WAIT for"
              + " --max-wait) or a line of the --config file (max-wait=1h)."
              + " Times are like 90s, 15m, 24h or 7d.",
          null,
          OPTIONS,
          ServeCommand::run);

  private ServeCommand() {}

  private static int run(Arguments given) throws InterruptedException {
    HttpOptions http = http(given);
    Doorbell node =
        Doorbell.start(
            new Options(
                http,
                given.store("--store"),
                given.time("--remember"),
                given.choice("--sync", Sync.values()),
                given.number("--max-sets"),
                given.time("--drain")));
    OldGenCollector.watch(node::held);
    Shutdown.at(node::close, node.failure());
    Hangup.reloads(node::reload);
    String url = Values.url(Values.host(given.text("--listen")), node.address());
    System.out.println(
        "doorbell: listening on "
            + (http.certificate() == null ? url : url.replaceFirst("http", "https")));
    return Shutdown.await();
  }

  private static HttpOptions http(Arguments given) {
    int loops = given.number("--loops");
    return new HttpOptions(
        given.address("--listen"),
        certificate(given),
        given.choice("--transport", Transport.values()),
        loops == 0 ? Runtime.getRuntime().availableProcessors() : loops,
        given.text("--base-path"),
        given.time("--max-wait"),
        given.number("--max-waits"),
        given.number("--max-waits-per-address"),
        given.number("--max-waits-per-connection"),
        given.size("--max-buffered"),
        given.time("--head-timeout"),
        given.time("--idle-timeout"));
  }

  private static @Nullable PemFiles certificate(Arguments given) {
    String chain = given.find("--tls-cert");
    String key = given.find("--tls-key");
    if ((chain == null) != (key == null)) {
      throw new UsageException("--tls-cert and --tls-key go together: give both, or none");
    }
    return chain == null || key == null ? null : new PemFiles(Path.of(chain), Path.of(key));
  }
}
