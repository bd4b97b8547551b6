package doorbell;

import doorbell.admin.AdminPort;
import doorbell.admin.Node;
import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.event.SharedStore;
import doorbell.io.Transport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
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
  /** The time for which waits are not drained on a disk that hangs, and once more at the end. */
  private static final Duration STORE_END = Duration.ofSeconds(2);

  /** The same for a store that nodes share: a server that is slow answers a set in this time. */
  private static final Duration SHARED_STORE_END = Duration.ofSeconds(5);

  /**
   * The time in which requests come that were sent before a later node got all new clients: the
   * store is open still.
   */
  static final Duration ON_THEIR_WAY = Duration.ofMillis(200);

  private volatile Options options;
  private final SetStore store;
  private final Port port;

  /** Null if there is none, or none yet. */
  private volatile @Nullable AdminPort admin;

  /** Null without {@link Options#TAKE_OVER}. */
  private final @Nullable TakeOver takeOver;

  private Doorbell(Options options, SetStore store, Port port, @Nullable TakeOver takeOver) {
    this.options = options;
    this.store = store;
    this.port = port;
    this.takeOver = takeOver;
  }

  /**
   * Opens the store, then the port: the node answers when this method returns. With {@link
   * Options#TAKE_OVER} the store may be another node's for now.
   *
   * @throws RuntimeException if the store or the port can't be opened; the message says what to do
   */
  public static Doorbell start(Options options) {
    TakeOver takeOver =
        Boolean.TRUE.equals(options.find(Options.TAKE_OVER)) ? TakeOver.of(options) : null;
    SetStore store = takeOver == null ? Stores.open(options) : takeOver.store;
    try {
      EventTable table = new EventTable(store, Doorbell::later);
      Port port = Port.open(options, table, takeOver != null && !takeOver.isDone());
      Doorbell node = new Doorbell(options, store, port, takeOver);
      if (takeOver == null || takeOver.isDone()) {
        node.openAdmin(table);
      } else {
        takeOver.begin(table, port, () -> node.tryAdmin(table));
      }
      return node;
    } catch (RuntimeException | Error e) {
      store.close();
      throw e;
    }
  }

  /** False as long as an earlier node has the store. */
  boolean hasStore() {
    return takeOver == null || takeOver.isDone();
  }

  private void openAdmin(EventTable table) {
    try {
      tryAdmin(table);
    } catch (IOException e) {
      if (takeOver != null) { // A node that drains has no store any more, but its admin port.
        takeOver.begin(table, port, () -> tryAdmin(table));
        return;
      }
      port.close();
      throw Places.cantListen(Options.ADMIN, options.get(Options.ADMIN).orElseThrow(), e);
    } catch (RuntimeException | Error e) {
      port.close();
      throw e;
    }
  }

  private void tryAdmin(EventTable table) throws IOException {
    InetSocketAddress address = options.get(Options.ADMIN).orElse(null);
    if (address == null) {
      return;
    }
    String kind = StoreOptions.kind(options.get(Options.STORE));
    admin =
        AdminPort.open(
            address,
            new Node(
                port.loops,
                table,
                port.quota,
                port.budget,
                port.tokens,
                port.mostClients(),
                port::hasFailed,
                new Node.About(version(), kind, port.transport().toString())));
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
    AdminPort open = admin;
    return open == null ? null : open.address();
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

  /** The longest time until {@link #close} has answered all waits, as the options say now. */
  public Duration drainTime() {
    return options.get(Options.SHUTDOWN_DELAY).plus(options.get(Options.DRAIN));
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
   * Ends the node in order: for a delay it goes on and isn't ready; no new clients; all accepted
   * sets are stored and acknowledged; the store is closed, and so free for the next node; each
   * parked wait is told to ask again, evenly over the drain time; connections close. Who waits
   * meanwhile is told to ask again, who sets to set again. A store that nodes share is closed
   * behind the drain: nobody waits for it to be free, and parked waits hear of sets until they are
   * answered. Blocks meanwhile.
   */
  @Override
  public void close() {
    AdminPort open = admin;
    if (open != null) {
      open.drain();
    }
    Thread closing =
        Thread.ofPlatform().daemon().name("doorbell-store-end").unstarted(store::close);
    try {
      if (hasStore()) {
        Thread.sleep(options.get(Options.SHUTDOWN_DELAY));
      }
      if (takeOver != null) {
        takeOver.close();
      }
      if (!hasStore()) {
        port.stopListening(); // Clients are the earlier node's still.
      }
      if (port.giveWay()) {
        Thread.sleep(ON_THEIR_WAY);
      }
      if (store instanceof SharedStore) {
        port.drain(options.get(Options.DRAIN));
        closing.start();
        closing.join(SHARED_STORE_END);
      } else {
        closing.start();
        closing.join(STORE_END);
        port.drain(options.get(Options.DRAIN));
        closing.join(STORE_END);
      }
    } catch (InterruptedException e) {
      store.close();
      Thread.currentThread().interrupt();
    }
    port.close();
    if (open != null) {
      open.close();
    }
  }
}
