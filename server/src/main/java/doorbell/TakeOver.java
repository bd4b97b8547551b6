package doorbell;

import static java.util.Objects.requireNonNull;

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
 * everybody who waits. The admin port comes last, since the other node has it until its end.
 */
final class TakeOver implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TakeOver.class);

  /** The time between two tries, in milliseconds: sets are held meanwhile. */
  private static final int TRY_MILLIS = 20;

  private final Options options;
  final AwaitedStore store;
  private @Nullable Thread thread;

  /** Opens the admin port. */
  interface Admin {
    void open() throws IOException;
  }

  private TakeOver(Options options) {
    this.options = options;
    this.store = AwaitedStore.of(directory(options), Stores.share(options));
  }

  /**
   * Null if no other node has the store open: then there is nothing to be taken over.
   *
   * @throws IllegalArgumentException if the options don't go together
   */
  static @Nullable TakeOver of(Options options) {
    return RocksStore.isUsed(directory(options)) ? new TakeOver(options) : null;
  }

  private static Path directory(Options options) {
    Path directory = options.directory();
    if (directory == null) {
      throw new IllegalArgumentException(
          "--take-over takes over a store rocksdb:DIR; what a store memory has ends with its node,"
              + " and nodes that share a Redis need not wait for one another");
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
    LOG.info("{} is another node's; this one takes over when that one ends", directory(options));
    long began = System.nanoTime();
    SetStore opened = await();
    int held = store.queued();
    if (!store.open(opened)) {
      opened.close();
      return;
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    LOG.info("took over {} after {} ms, with {} sets held", directory(options), millis, held);
    while (!table.lookUpAll()) {
      Thread.sleep(TRY_MILLIS);
    }
    open(admin);
  }

  /** Another node may be faster, or the one that ends may need a moment more. */
  private SetStore await() throws InterruptedException {
    Path directory = directory(options);
    while (true) {
      if (!RocksStore.isUsed(directory)) {
        try {
          return Stores.rocks(options, directory);
        } catch (StoreException e) {
          if (!RocksStore.isUsed(directory)) {
            throw e;
          }
        }
      }
      Thread.sleep(TRY_MILLIS);
    }
  }

  private static void open(Admin admin) throws InterruptedException {
    Seldom tells = new Seldom();
    while (true) {
      try {
        admin.open();
        return;
      } catch (IOException e) {
        if (tells.isDue()) {
          LOG.info("the admin port opens when its address is free: {}", e.getMessage());
        }
        Thread.sleep(TRY_MILLIS);
      }
    }
  }

  /** Ends the tries. Blocks, for a moment. */
  @Override
  public void close() {
    Thread trying = requireNonNull(thread);
    trying.interrupt();
    try {
      trying.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
