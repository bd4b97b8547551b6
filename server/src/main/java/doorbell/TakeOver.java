package doorbell;

import doorbell.count.Seldom;
import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.store.AwaitedStore;
import doorbell.store.RocksStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of a node to the store of the node before it, which is about to end: that node's lock on
 * the store is the baton. A thread tries the lock until it is free, opens the store, and looks up
 * everybody who waits. The other node has the admin port until its end, so this one tries that too.
 */
final class TakeOver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TakeOver.class);

  /** The time between two tries, in milliseconds: sets are held meanwhile. */
  private static final int TRY_MILLIS = 20;

  /** The longest time between two tries of the rest, in milliseconds. */
  private static final int MOST_TRY_MILLIS = 1_000;

  /** The time for which the end of the tries is awaited, in milliseconds: a disk may hang. */
  private static final int END_MILLIS = 1_000;

  private final Options options;
  private final RocksStore.Share share;

  /** Null if the store was free. */
  private final @Nullable AwaitedStore awaited;

  final SetStore store;
  private volatile boolean isDone;
  private @Nullable Thread thread;

  /** Opens the admin port. */
  interface Admin {
    void open() throws IOException;
  }

  private TakeOver(Options options) {
    this.options = options;
    this.share = Stores.share(options); // Clients have files when the store is opened.
    Path directory = directory(options);
    if (RocksStore.isUsed(directory)) {
      this.awaited = AwaitedStore.of(directory, share);
      this.store = awaited;
    } else {
      this.awaited = null;
      this.store = Stores.open(options);
      this.isDone = true;
    }
  }

  /**
   * Opens the store, unless another node has it open.
   *
   * @throws RuntimeException if the options don't go together, or the store can't be opened
   */
  static TakeOver of(Options options) {
    return new TakeOver(options);
  }

  /** True once the store is open: another node has it until then. */
  boolean isDone() {
    return isDone;
  }

  private static Path directory(Options options) {
    Path directory = options.directory();
    if (directory == null) {
      throw new IllegalArgumentException(
          "--take-over takes over a store rocksdb:DIR; what a store memory has ends with its node,"
              + " and nodes that share a store need not wait for one another");
    }
    return directory;
  }

  /** Begins to try. A store that can't be opened, though it is free, ends {@code port}. */
  void begin(EventTable table, Port port, Admin admin) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("doorbell-take-over")
            .start(
                () -> {
                  try {
                    run(table, admin);
                  } catch (InterruptedException closed) {
                    Thread.currentThread().interrupt();
                  } catch (RuntimeException | Error e) {
                    port.fail(e);
                  }
                });
  }

  private void run(EventTable table, Admin admin) throws InterruptedException {
    if (awaited == null || takes(awaited)) {
      finish(table, admin);
    }
  }

  /** False if this node ends before. */
  private boolean takes(AwaitedStore store) throws InterruptedException {
    LOG.info("{} is another node's; this one takes over when that one ends", directory(options));
    long began = System.nanoTime();
    SetStore opened = await();
    int held = store.queued();
    if (!store.open(opened)) {
      opened.close();
      return false;
    }
    isDone = true;
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    LOG.info("took over {} after {} ms, with {} sets held", directory(options), millis, held);
    return true;
  }

  /** Another node may be faster or look just now, or the one that ends may need a moment more. */
  private SetStore await() throws InterruptedException {
    Path directory = directory(options);
    while (true) {
      if (!RocksStore.isUsed(directory)) {
        try {
          return Stores.rocks(options, directory, share);
        } catch (StoreException e) {
          if (!RocksStore.isUse(e)) {
            throw e;
          }
        }
      }
      Thread.sleep(TRY_MILLIS);
    }
  }

  /** Looks up all who wait, and opens the admin port: neither waits for the other. */
  private void finish(EventTable table, Admin admin) throws InterruptedException {
    Seldom tells = new Seldom();
    boolean found = awaited == null;
    boolean opened = false;
    int millis = TRY_MILLIS;
    while (true) {
      found = found || table.lookUpAll();
      opened = opened || opens(admin, tells);
      if (found && opened) {
        return;
      }
      Thread.sleep(millis);
      millis = Math.min(2 * millis, MOST_TRY_MILLIS);
    }
  }

  private static boolean opens(Admin admin, Seldom tells) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    try {
      admin.open();
      return true;
    } catch (IOException e) {
      if (tells.isDue()) {
        LOG.info("the admin port opens when its address is free: {}", e.getMessage());
      }
      return false;
    }
  }

  /** Ends the tries. Blocks, for a moment. */
  @Override
  public void close() {
    Thread trying = thread;
    if (trying == null) {
      return;
    }
    trying.interrupt();
    try {
      trying.join(END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
