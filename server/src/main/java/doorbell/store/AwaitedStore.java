package doorbell.store;

import doorbell.count.Histogram;
import doorbell.event.EventId;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A store that another node has open still, and lets go of when it ends. Until then sets are held,
 * and whoever only asks; a waiter is looked up {@link #LATER}. Then it is the store that {@link
 * #open} was given.
 */
public final class AwaitedStore implements SetStore {
  /** Calls that are held: half of what a store takes at once, so that others find room too. */
  static final int MOST_HELD = RocksStore.MAX_QUEUED_SETS / 2;

  private final int moreFiles;
  private volatile @Nullable SetStore store;
  private List<Held> held = new ArrayList<>();
  private boolean closed;

  /** A call that waits for the store. */
  private static final class Held extends CompletableFuture<Boolean> {
    private final Function<SetStore, CompletionStage<Boolean>> call;

    Held(Function<SetStore, CompletionStage<Boolean>> call) {
      this.call = call;
    }

    void run(SetStore open) {
      call.apply(open)
          .whenComplete(
              (value, failure) -> {
                if (failure == null) {
                  complete(value);
                } else {
                  completeExceptionally(failure);
                }
              });
    }
  }

  private AwaitedStore(int moreFiles) {
    this.moreFiles = moreFiles;
  }

  /**
   * The store in {@code directory}, to be opened with that share: clients leave it the files that
   * it has, too.
   *
   * @throws StoreException if the directory can't be read
   */
  public static AwaitedStore of(Path directory, RocksStore.Share share) {
    try {
      return new AwaitedStore(share.files() + new StoreDirectory(directory).openFiles());
    } catch (IOException e) {
      throw StoreDirectory.unusable(directory, e);
    }
  }

  /**
   * The store is {@code opened}, and has what was held. False if this one is closed already: then
   * {@code opened} is the caller's still.
   */
  public boolean open(SetStore opened) {
    List<Held> calls;
    synchronized (this) {
      if (closed) {
        return false;
      }
      store = opened;
      calls = held;
      held = new ArrayList<>();
    }
    calls.forEach(call -> call.run(opened));
    opened.flush();
    return true;
  }

  @Override
  public CompletionStage<Boolean> isSet(EventId id) {
    SetStore open = store;
    return open == null ? hold(now -> now.isSet(id)) : open.isSet(id);
  }

  @Override
  public CompletionStage<Boolean> isSetOrLater(EventId id) {
    SetStore open = store;
    return open == null ? LATER : open.isSet(id);
  }

  @Override
  public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
    SetStore open = store;
    return open == null ? hold(now -> now.setSoon(id, isNew)) : open.setSoon(id, isNew);
  }

  private CompletionStage<Boolean> hold(Function<SetStore, CompletionStage<Boolean>> call) {
    SetStore open;
    synchronized (this) {
      open = store;
      if (open == null) {
        return holdUntilOpen(call);
      }
    }
    return call.apply(open);
  }

  private CompletionStage<Boolean> holdUntilOpen(
      Function<SetStore, CompletionStage<Boolean>> call) {
    if (closed) {
      return failed("the store is closed; the set was not kept");
    }
    if (held.size() >= MOST_HELD) {
      return failed("this node waits for its store, and holds as much as it may; try again");
    }
    Held later = new Held(call);
    held.add(later);
    return later;
  }

  private static CompletionStage<Boolean> failed(String sentence) {
    return CompletableFuture.failedStage(new StoreException(sentence));
  }

  @Override
  public void flush() {
    SetStore open = store;
    if (open != null) {
      open.flush();
    }
  }

  @Override
  public int queued() {
    SetStore open = store;
    if (open != null) {
      return open.queued();
    }
    synchronized (this) {
      return held.size();
    }
  }

  @Override
  public @Nullable Histogram times() {
    SetStore open = store;
    return open == null ? null : open.times();
  }

  @Override
  public int moreFiles() {
    SetStore open = store;
    return open == null ? moreFiles : open.moreFiles();
  }

  @Override
  public void close() {
    List<Held> left;
    synchronized (this) {
      closed = true;
      left = held;
      held = new ArrayList<>();
    }
    StoreException why = new StoreException("the store is closed; the set was not kept");
    left.forEach(call -> call.completeExceptionally(why));
    SetStore open = store;
    if (open != null) {
      open.close();
    }
  }
}
