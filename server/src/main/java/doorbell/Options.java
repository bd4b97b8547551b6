package doorbell;

import static doorbell.Option.between;
import static java.util.Objects.requireNonNull;

import doorbell.http.HttpOptions;
import doorbell.http.Memory;
import doorbell.io.Transport;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore.Sync;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The options of a node: the table of them all, and a value for each. Options don't change; {@link
 * #with} makes others.
 */
public final class Options {
  private static final long MEBI = 1 << 20;

  private static final Pattern BASE_PATHS = Pattern.compile("(/[A-Za-z0-9._~-]+)*");

  private static final int MAX_LOOPS = 1_024;
  private static final Duration MAX_HOLD = Duration.ofDays(7);
  private static final Duration MAX_REMEMBER = Duration.ofDays(3_650);
  private static final Duration MAX_DRAIN = Duration.ofHours(1);

  /** A request or a pause that takes longer than an hour is none. */
  private static final Option.Check<Duration> TIMEOUTS =
      between(Duration.ofMillis(100), Duration.ofHours(1));

  public static final Option<List<SocketAddress>> LISTEN =
      Option.of(
              "listen",
              OptionType.ADDRESSES,
              "Where to listen: HOST:PORT, unix:/path, or fd:3 for systemd's socket; several with"
                  + " commas, or by giving the option again. Port 0 is any free one, [::]:PORT all"
                  + " addresses of this machine.")
          .or("127.0.0.1:8080");

  public static final Option<Optional<InetSocketAddress>> ADMIN =
      Option.of(
              "admin",
              new OptionType<>("HOST:PORT", Options::admin),
              "Where to listen for who runs the node, like 127.0.0.1:9180: /metrics, /healthz,"
                  + " /readyz, /version and a dashboard. Whoever reaches it may read them; none is"
                  + " off.")
          .or("none");

  public static final Option<Path> TLS_CERT =
      Option.of(
          "tls-cert",
          OptionType.FILE,
          "A certificate in PEM with its chain: clients come by TLS then, with HTTP/2 or 1.1."
              + " It is taken again when it changes.");

  public static final Option<Path> TLS_KEY =
      Option.of("tls-key", OptionType.FILE, "The certificate's private key in PEM, no password.");

  public static final Option<String> STORE =
      Option.of(
              "store",
              new OptionType<>("STORE", StoreOptions::parse),
              "Where sets are stored: rocksdb:DIR, memory, or, for several nodes,"
                  + " redis://HOST:PORT, one or an odd number with commas, or"
                  + " postgresql://HOST/DATABASE.")
          .or("rocksdb:doorbell-data")
          .that(StoreOptions::check);

  public static final Option<Duration> REMEMBER =
      Option.of("remember", OptionType.TIME, "How long a set is remembered, at least.")
          .or("24h")
          .that(between(Duration.ofSeconds(1), MAX_REMEMBER));

  public static final Option<Sync> SYNC =
      Option.of(
              "sync",
              OptionType.choice("always|os", Sync.values()),
              "When a set is acknowledged. always: the disk has it, and it survives a power cut;"
                  + " os: the system has it, and it survives kill -9.")
          .or("always");

  /** Beyond this number memory would be in danger, so the default follows the heap. */
  public static final Option<Integer> MAX_SETS =
      Option.of(
              "max-sets",
              OptionType.NUMBER,
              "How many sets the store memory remembers; more get 503. The disk bounds rocksdb."
                  + " By default as many as fit into 5/32 of the heap (-Xmx).")
          .or(
              () -> Integer.toString(MemoryStore.setsThatFit()),
              "as many as fit into 5/32 of the heap")
          .that(between(1, Integer.MAX_VALUE));

  /** The bound on a wait that outlives a client that died unseen. */
  public static final Option<Duration> MAX_WAIT =
      Option.of(
              "max-wait",
              OptionType.TIME,
              "The longest that a wait is held; then it is told to ask again.")
          .or("1h")
          .that(between(Duration.ofSeconds(1), MAX_HOLD));

  /** Beyond this number memory would be in danger, so the default follows the heap. */
  public static final Option<Integer> MAX_WAITS =
      Option.of(
              "max-waits",
              OptionType.NUMBER,
              "How many waits may be parked, each id of them counted; more get 503."
                  + " By default as many as fit into 3/8 of the heap (-Xmx).")
          .or(
              () -> Integer.toString(Memory.waits()),
              "as many as fit into 3/8 of the heap, 512 bytes each")
          .that(between(1, Integer.MAX_VALUE));

  public static final Option<Integer> MAX_WAITS_PER_CONNECTION =
      Option.of(
              "max-waits-per-connection",
              OptionType.NUMBER,
              "How many waits one WebSocket, or one connection of HTTP/2, may hold.")
          .or("1000")
          .that(between(1, Integer.MAX_VALUE));

  /** Beyond this number memory would be in danger, so the default follows the heap. */
  public static final Option<Long> MAX_BUFFERED =
      Option.of(
              "max-buffered",
              OptionType.SIZE,
              "How many bytes clients may make the node hold beside their parked waits, like 64m;"
                  + " more get 503 or are cut off. By default 1/4 of the heap (-Xmx).")
          .or(() -> Memory.buffered() / MEBI + "m", "1/4 of the heap") // Starts Netty.
          .that(
              between(MEBI, Math.max(MEBI, Memory.heap())).told("1m and the largest heap (-Xmx)"));

  public static final Option<String> BASE_PATH =
      Option.of(
              "base-path",
              OptionType.text("/PATH"),
              "A path that all paths stand under too, for a proxy that passes it on.")
          .or("")
          .that(Options::checkBasePath);

  public static final Option<Duration> SHUTDOWN_DELAY =
      Option.of(
              "shutdown-delay",
              OptionType.TIME,
              "On shutdown: how long the node first goes on as before, while /readyz says 503: a"
                  + " load balancer sends it nobody any more by the time that it takes nobody.")
          .or("0s")
          .that(between(Duration.ZERO, MAX_DRAIN));

  public static final Option<Duration> DRAIN =
      Option.of(
              "drain",
              OptionType.TIME,
              "On shutdown: the time over which waiting clients are disconnected.")
          .or("5s")
          .that(between(Duration.ZERO, MAX_DRAIN));

  public static final Option<Boolean> TAKE_OVER =
      Option.of(
          "take-over",
          OptionType.FLAG,
          "Takes over from a node on the same store that is about to end: listens beside it, holds"
              + " sets, and opens the store when that node has closed it.");

  public static final Option<Transport> TRANSPORT =
      Option.of(
              "transport",
              OptionType.choice("NAME", Transport.values()),
              "What carries the sockets: auto, io_uring, epoll, nio.")
          .or("auto");

  public static final Option<Integer> LOOPS =
      Option.of("loops", OptionType.NUMBER, "Event loops, each a thread; 0 is one for each core.")
          .or("0")
          .that(between(0, MAX_LOOPS));

  public static final Option<Duration> HEAD_TIMEOUT =
      Option.of("head-timeout", OptionType.TIME, "How long a request may take to arrive.")
          .or("10s")
          .that(TIMEOUTS);

  public static final Option<Duration> IDLE_TIMEOUT =
      Option.of(
              "idle-timeout",
              OptionType.TIME,
              "How long a connection may stay open between requests.")
          .or("75s")
          .that(TIMEOUTS);

  /** All options of a node, in the order of the help text. */
  public static final List<Option<?>> ALL =
      List.of(
          LISTEN,
          ADMIN,
          TLS_CERT,
          TLS_KEY,
          SetOptions.POLICY,
          SetOptions.TOKEN_FILE,
          SetOptions.LISTEN,
          SetOptions.MIN_ID_BITS,
          ProxyOptions.TRUSTED_PROXIES,
          ProxyOptions.PROXY_PROTOCOL,
          STORE,
          StoreOptions.PASSWORD_FILE,
          StoreOptions.PREFIX,
          StoreOptions.SWEEP,
          REMEMBER,
          SYNC,
          MAX_SETS,
          LimitOptions.MAX_DISK,
          MAX_WAIT,
          MAX_WAITS,
          LimitOptions.MAX_WAITS_PER_ADDRESS,
          LimitOptions.MAX_WAITS_PER_SECOND_PER_ADDRESS,
          LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS,
          LimitOptions.MAX_CONNECTIONS_PER_ADDRESS,
          LimitOptions.MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS,
          MAX_WAITS_PER_CONNECTION,
          MAX_BUFFERED,
          BASE_PATH,
          SHUTDOWN_DELAY,
          DRAIN,
          TAKE_OVER,
          TRANSPORT,
          LOOPS,
          HEAD_TIMEOUT,
          IDLE_TIMEOUT);

  /** The options that a running node can take: see {@link Doorbell#reload(Options)}. */
  public static final List<Option<?>> LIVE =
      List.of(
          MAX_WAIT,
          MAX_WAITS,
          LimitOptions.MAX_WAITS_PER_ADDRESS,
          LimitOptions.MAX_WAITS_PER_SECOND_PER_ADDRESS,
          LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS,
          LimitOptions.MAX_CONNECTIONS_PER_ADDRESS,
          LimitOptions.MAX_CONNECTIONS_PER_SECOND_PER_ADDRESS,
          MAX_WAITS_PER_CONNECTION,
          ProxyOptions.TRUSTED_PROXIES,
          SHUTDOWN_DELAY,
          DRAIN,
          HEAD_TIMEOUT,
          IDLE_TIMEOUT);

  /** By the option's name: a record's own equals is slow at its first call. */
  private final Map<String, Object> values;

  private Options(Map<String, Object> values) {
    this.values = values;
  }

  /** The default of each option. */
  public static Options defaults() {
    return new Options(Map.of());
  }

  /**
   * The same options but for one.
   *
   * @throws IllegalArgumentException if the value is beyond the option's bound, with one sentence
   */
  public <T> Options with(Option<T> option, T value) {
    option.check().check(option.name(), value);
    Map<String, Object> changed = new HashMap<>(values);
    changed.put(option.name(), value);
    return new Options(changed);
  }

  /** These options, with {@link #LIVE} ones as {@code other} has them. */
  Options taking(Options other) {
    Map<String, Object> taken = new HashMap<>(values);
    for (Option<?> option : LIVE) {
      Object value = other.values.get(option.name());
      if (value == null) {
        taken.remove(option.name());
      } else {
        taken.put(option.name(), value);
      }
    }
    return new Options(taken);
  }

  /** The value of an option that has a default. */
  public <T> T get(Option<T> option) {
    return requireNonNull(find(option), option.name());
  }

  /** The value of an option, or its default; null if there is neither. */
  @SuppressWarnings("unchecked") // Values come in by `with` alone.
  public <T> @Nullable T find(Option<T> option) {
    Object value = values.get(option.name());
    String fallback = option.fallback();
    return value != null ? (T) value : fallback == null ? null : option.parse(fallback);
  }

  private static Optional<InetSocketAddress> admin(String text) {
    return text.equals("none")
        ? Optional.empty()
        : Optional.of(OptionType.ADDRESS.parser().apply(text));
  }

  private static void checkBasePath(String name, String path) {
    if (!BASE_PATHS.matcher(path).matches()) {
      throw new IllegalArgumentException(
          "the base path is like /bell, with no slash at its end, not '" + path + "'");
    }
  }

  /** The folder of the store; null for a store that has none. */
  public @Nullable Path directory() {
    return StoreOptions.directory(get(STORE));
  }

  int loops() {
    int loops = get(LOOPS);
    return loops == 0 ? Runtime.getRuntime().availableProcessors() : loops;
  }

  /** The options of HTTP among these. */
  public HttpOptions http() {
    return new HttpOptions(
        get(BASE_PATH),
        get(MAX_WAIT),
        get(MAX_WAITS_PER_CONNECTION),
        get(HEAD_TIMEOUT),
        get(IDLE_TIMEOUT),
        get(ProxyOptions.TRUSTED_PROXIES).orElse(null));
  }
}
