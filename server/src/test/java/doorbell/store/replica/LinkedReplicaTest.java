package doorbell.store.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Links that are made too late for anybody. */
class LinkedReplicaTest {
  private static final Duration LONG = Duration.ofHours(1);

  private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1);

  @AfterEach
  void end() {
    clock.shutdownNow();
  }

  /** Counts how often it was closed. */
  private static final class Made implements Link {
    final AtomicInteger closed = new AtomicInteger();
    private final Batches none =
        new Batches(1, calls -> CompletableFuture.failedStage(new StoreException("none")));

    @Override
    public Batches sets() {
      return none;
    }

    @Override
    public Batches looks() {
      return none;
    }

    @Override
    public boolean hasEnded() {
      return false;
    }

    @Override
    public CompletableFuture<Void> close() {
      closed.incrementAndGet();
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Whose links are made by the test, each when it likes. */
  private class Replica extends LinkedReplica<Made, Boolean> {
    final Queue<CompletableFuture<Made>> tries = new ArrayDeque<>();
    Runnable onOpen = () -> {};

    Replica(Duration patience) {
      super("a server", LONG, patience, clock);
    }

    @Override
    protected CompletionStage<Made> open() {
      CompletableFuture<Made> next = new CompletableFuture<>();
      synchronized (tries) {
        tries.add(next);
      }
      onOpen.run();
      return next;
    }

    @Override
    protected CompletionStage<Boolean> ring(Made on, EventId bell) {
      return new CompletableFuture<>();
    }

    @Override
    protected @Nullable StoreException refusal(Throwable failure) {
      return null;
    }

    @Override
    protected String sentence(Throwable failure) {
      return failure.toString();
    }

    @Override
    protected boolean isAnswer(Throwable failure) {
      return false;
    }

    int tried() {
      synchronized (tries) {
        return tries.size();
      }
    }

    CompletableFuture<Made> first() {
      synchronized (tries) {
        return tries.remove();
      }
    }
  }

  private static final class Nobody implements SharedStore.Listener {
    @Override
    public void onSet(EventId id, long spreadMillis) {}

    @Override
    public void onGap() {}
  }

  @Test
  void aLinkThatIsBegunWhileTheStoreClosesIsClosed() {
    Replica replica = new Replica(LONG);
    replica.onOpen =
        () -> {
          replica.close();
          clock.shutdown(); // As the store does.
        };
    replica.start(new Nobody());
    await().until(() -> replica.tried() == 1);
    Made late = new Made();
    replica.first().complete(late);
    await().until(() -> late.closed.get() > 0);
  }

  /** As where the look-up of a host never ends. */
  @Test
  void aTryThatTakesTooLongIsLeftForTheNext() {
    Replica replica = new Replica(Duration.ofMillis(10));
    replica.start(new Nobody());
    await().until(() -> replica.tried() > 1);
    assertThat(replica.fault()).contains("Timeout");
    Made late = new Made();
    replica.first().complete(late);
    assertThat(late.closed).hasPositiveValue();
    replica.close();
  }
}
