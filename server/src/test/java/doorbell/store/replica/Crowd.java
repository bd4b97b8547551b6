package doorbell.store.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.SharedStore;
import doorbell.event.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Clients of nodes that share a store, whose servers suffer meanwhile. All that the clients hear is
 * judged by {@link History}. A seed picks what they do: {@code -Dcrowd.seed=17}.
 */
public final class Crowd implements AutoCloseable {
  /** Time within which all is heard after the repair; a loaded machine takes its time. */
  public static final Duration SOON = Duration.ofSeconds(60);

  private static final int IDS = 4_000;
  private static final long PAUSE_NANOS = 500_000;

  private final long seed = Long.getLong("crowd.seed", 1);
  private final Random random = new Random(seed);
  private final History history = new History();
  private final List<SharedStore> stores = new ArrayList<>();
  private final List<EventTable> tables = new ArrayList<>();
  private final AtomicInteger sets = new AtomicInteger();
  private volatile boolean ends;

  /** A part of a test. */
  public interface Story {
    void run() throws Exception;
  }

  /** Takes one node more, over {@code store}. */
  public void add(SharedStore store) {
    stores.add(store);
    tables.add(new EventTable(store, Crowd::after));
  }

  private static void after(long millis, Runnable task) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task);
  }

  public History history() {
    return history;
  }

  public SharedStore store() {
    return stores.getFirst();
  }

  /** The store of the node that was added last. */
  public SharedStore last() {
    return stores.getLast();
  }

  public EventTable table() {
    return tables.getFirst();
  }

  /** Waits until all nodes are ready. */
  public void awaitWell() {
    await().atMost(SOON).until(() -> stores.stream().allMatch(store -> store.fault() == null));
  }

  /** Waits until no server fails. */
  public void awaitWhole() {
    await()
        .atMost(SOON)
        .until(
            () ->
                stores.stream()
                    .flatMap(store -> store.members().stream())
                    .allMatch(member -> member.fault() == null));
  }

  /** Sets are acknowledged now. */
  public void awaitSets() {
    int before = sets.get();
    await().atMost(SOON).until(() -> sets.get() > before + 50);
  }

  /** Runs a story while clients go on, and judges what they have heard at its end. */
  public void under(Story story) throws Exception {
    Thread clients = Thread.ofPlatform().start(this::load);
    try {
      awaitSets();
      story.run();
      awaitWell();
      awaitSets();
    } finally {
      ends = true;
      clients.join();
    }
    awaitHeard();
    history.checkRest();
    assertThat(history.faults()).as("-Dcrowd.seed=" + seed).isEmpty();
  }

  /** Waits until each acknowledged set is heard. */
  public void awaitHeard() {
    await().atMost(SOON).until(() -> history.late() == 0);
  }

  /** Clients that set, wait and ask, of ids that come up several times. */
  private void load() {
    while (!ends) {
      EventId id = new EventId.Plain(0, 1 + random.nextInt(IDS));
      int node = random.nextInt(tables.size());
      switch (random.nextInt(4)) {
        case 0 -> set(node, id);
        case 1 -> ask(node, id);
        default -> begin(node, id);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Sets at a node; completes as the setter is answered. */
  public CompletableFuture<Boolean> set(int node, EventId id) {
    history.setBegins(id);
    CompletionStage<Boolean> set = tables.get(node).set(id, 0);
    tables.get(node).flush();
    return set.whenComplete(
            (first, failure) -> {
              if (failure == null) {
                history.setIsAnswered(id, first);
                sets.incrementAndGet();
              }
            })
        .toCompletableFuture();
  }

  private void ask(int node, EventId id) {
    History.Question question = history.begins(id, History.Kind.ASK);
    tables
        .get(node)
        .isSet(id)
        .whenComplete((isSet, failure) -> history.ends(question, failure == null ? isSet : null));
  }

  /** Begins a wait; completes with what it is answered at once. */
  public CompletableFuture<Boolean> begin(int node, EventId id) {
    Parked parked = new Parked(tables.get(node), id);
    CompletionStage<Boolean> look = tables.get(node).wait(parked);
    look.thenAccept(parked::hear);
    return look.toCompletableFuture();
  }

  private final class Parked extends Waiter {
    private final EventTable table;
    private final History.Question question;

    Parked(EventTable table, EventId id) {
      super(id);
      this.table = table;
      this.question = history.begins(id, History.Kind.WAIT);
    }

    @Override
    protected void wake() {
      hear(true);
    }

    private synchronized void hear(boolean isSet) {
      if (isSet && !question.isOver()) {
        table.leave(this);
        history.ends(question, true);
      }
    }
  }

  @Override
  public void close() {
    ends = true;
    stores.forEach(SharedStore::close);
  }
}
