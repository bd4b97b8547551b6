package doorbell;

import doorbell.admin.AdminPort;
import doorbell.admin.Node;
import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.io.Transport;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A node: holds waits, wakes waiters, remembers sets. Runs from {@link #start} to {@link #close}.
 */
public final class Doorbell implements AutoCloseable {
  private volatile Options options;
  private final SetStore store;
  private final Port port;
  private final @Nullable AdminPort admin;

  private Doorbell(Options options, SetStore store, Port port, @Nullable AdminPort admin) {
    this.options = options;
    this.store = store;
    this.port = port;
    this.admin = admin;
  }

  /**
   * Opens the store, then the port: the node answers when this method returns.
   *
   * @throws RuntimeException if the store or the port can't be opened; the message says what to do
   */
  public static Doorbell start(Options options) {
    Duration remember = options.get(Options.REMEMBER);
    Path directory = options.directory();
    SetStore store =
        directory == null
            ? new MemoryStore(remember, options.get(Options.MAX_SETS))
            : RocksStore.open(
                directory,
                remember,
                options.get(Options.SYNC),
                new RocksStore.Share(Port.filesOfStore(), options.get(LimitOptions.MAX_DISK)));
    try {
      EventTable table = new EventTable(store, Doorbell::later);
      Port port = Port.open(options, table);
      AdminPort admin = admin(options, port, table);
      return new Doorbell(options, store, port, admin);
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  private static @Nullable AdminPort admin(Options options, Port port, EventTable table) {
    InetSocketAddress address = options.get(Options.ADMIN).orElse(null);
    if (address == null) {
      return null;
    }
    String store = options.directory() == null ? Node.About.MEMORY : "rocksdb";
    Node.About about = new Node.About(version(), store, port.transport().toString());
    Node node =
        new Node(
            port.loops,
            table,
            port.quota,
            port.budget,
            port.tokens,
            port.mostClients(),
            port::hasFailed,
            about);
    try {
      return AdminPort.open(address, node);
    } catch (IOException e) {
      port.close();
      throw Places.cantListen(Options.ADMIN, address, e);
    } catch (RuntimeException | Error e) {
      port.close();
      throw e;
    }
  }

  /** The version that the build wrote down. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = Doorbell.class.getResourceAsStream("version.properties")) {
      properties.load(Objects.requireNonNull(in, "version.properties is missing"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  private static void later(long millis, Runnable task) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task);
  }

  /**
   * The first HOST:PORT that the node listens at, with the real port number.
   *
   * @throws IllegalStateException if it listens at Unix sockets alone
   */
  public InetSocketAddress address() {
    for (SocketAddress address : addresses()) {
      if (address instanceof InetSocketAddress tcp) {
        return tcp;
      }
    }
    throw new IllegalStateException("this node listens at no HOST:PORT");
  }

  /** All addresses that waits come to, with the real port numbers, as they were given. */
  public List<SocketAddress> addresses() {
    return port.addresses();
  }

  /** The addresses that take sets alone, with the real port numbers; none if all take sets. */
  public List<SocketAddress> setAddresses() {
    return port.setAddresses();
  }

  /** The address of the admin port, with the real port number; null if there is none. */
  public @Nullable InetSocketAddress adminAddress() {
    return admin == null ? null : admin.address();
  }

  /** What carries the sockets: for {@link Transport#AUTO} the best of this machine. */
  public Transport transport() {
    return port.transport();
  }

  /** The number of event loops. */
  public int loops() {
    return port.loops.size();
  }

  /** The most clients that may be connected: by the files that may be open, and by the heap. */
  public int mostClients() {
    return port.mostClients();
  }

  /** The time over which {@link #close} answers parked waits, as the options say now. */
  public Duration drainTime() {
    return options.get(Options.DRAIN);
  }

  /** The number of parked waits, each id counted. */
  public int parked() {
    return port.parked();
  }

  /** Bytes of memory held for clients now: an upper estimate, not a measurement. */
  public long held() {
    return port.held();
  }

  /** Checks the files of certificate and tokens at once, and takes changed files. */
  public void reload() {
    port.reload();
  }

  /**
   * As {@link #reload()}, and takes those of {@link Options#LIVE} that have other values now. Waits
   * that are parked keep their time.
   *
   * @return the names of other options that differ, which need a new start
   */
  public List<String> reload(Options changed) {
    List<String> later =
        Options.ALL.stream()
            .filter(option -> Options.LIVE.stream().noneMatch(live -> live == option))
            .filter(option -> !Objects.equals(options.find(option), changed.find(option)))
            .map(Option::name)
            .toList();
    port.reload(changed);
    options = options.taking(changed);
    return later;
  }

  /**
   * Completes with the reason when the node can't go on: an event loop has ended, or the heap is
   * spent. Clients may wait in vain from then on, so the host should close the node or end the
   * process; the node never does either. The stage doesn't complete otherwise.
   */
  public CompletionStage<Throwable> failure() {
    return port.failure();
  }

  /**
   * Blocks until each event loop has come to one more task, which takes a moment: for ever, when a
   * loop hangs. A loop that has ended isn't waited for: {@link #failure} tells of that.
   */
  public void awaitTurn() throws InterruptedException {
    port.awaitTurn();
  }

  /**
   * Ends the node in order: no new clients; each parked wait is told to ask again, evenly over the
   * drain time; all accepted sets are stored and acknowledged; connections close. Blocks meanwhile.
   */
  @Override
  public void close() {
    if (admin != null) {
      admin.drain();
    }
    try {
      port.drain(drainTime());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    store.close();
    port.close();
    if (admin != null) {
      admin.close();
    }
  }
}
