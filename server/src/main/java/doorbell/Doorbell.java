package doorbell;

import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * A node: holds waits, wakes waiters, remembers sets. Runs from {@link #start} to {@link #close}.
 */
public final class Doorbell implements AutoCloseable {
  private final Duration drain;
  private final SetStore store;
  private final Port port;

  private Doorbell(Duration drain, SetStore store, Port port) {
    this.drain = drain;
    this.store = store;
    this.port = port;
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
            : RocksStore.open(directory, remember, options.get(Options.SYNC), Port.filesOfStore());
    try {
      Port port = Port.open(options, new EventTable(store, Doorbell::later));
      return new Doorbell(options.get(Options.DRAIN), store, port);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static void later(long millis, Runnable task) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task);
  }

  /** The address that the node listens at, with the real port number. */
  public InetSocketAddress address() {
    return port.address();
  }

  /** The number of parked waits, each id counted. */
  public int parked() {
    return port.parked();
  }

  /** Bytes of memory held for clients now: an upper estimate, not a measurement. */
  public long held() {
    return port.held();
  }

  /** Checks the certificate's files at once, and takes changed files. */
  public void reload() {
    port.reload();
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
    try {
      port.drain(drain);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    store.close();
    port.close();
  }
}
