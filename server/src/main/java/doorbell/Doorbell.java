package doorbell;

import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.store.MemoryStore;
import doorbell.store.RocksStore;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** A node: holds waits, wakes them, remembers sets. Runs from {@link #start} until it is closed. */
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
   * Opens the store, then the port: when this returns, the node answers.
   *
   * @throws RuntimeException if either can't be opened, with one sentence that says what to do
   */
  public static Doorbell start(Options options) {
    SetStore store =
        options.store().equals(Options.MEMORY)
            ? new MemoryStore(options.remember(), options.maxSets())
            : RocksStore.open(
                options.directory(), options.remember(), options.sync(), Port.filesOfStore());
    try {
      Port port = Port.open(options.http(), new EventTable(store, Doorbell::later));
      return new Doorbell(options.drain(), store, port);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static void later(long millis, Runnable task) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task);
  }

  /** Where it listens, with the port that it really has. */
  public InetSocketAddress address() {
    return port.address();
  }

  /** How many waits are parked, each id of them counted. */
  public int parked() {
    return port.parked();
  }

  /** About how many bytes of memory clients make it hold at this moment: at most, not measured. */
  public long held() {
    return port.held();
  }

  /** Looks at once whether the certificate's files have changed, and takes them if they have. */
  public void reload() {
    port.reload();
  }

  /**
   * Completes with the reason when the node can't go on: one of its event loops has ended, or the
   * heap is spent. Its clients may wait in vain from then on, so the host should close it, or end
   * its own process; the node never does that itself. It doesn't complete otherwise.
   */
  public CompletionStage<Throwable> failure() {
    return port.failure();
  }

  /**
   * Ends it in order: no new clients; each parked wait is told to ask again, evenly over the drain
   * time; all accepted sets are stored and acknowledged; connections close. Blocks meanwhile.
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
