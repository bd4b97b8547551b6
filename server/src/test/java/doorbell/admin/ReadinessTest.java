package doorbell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.event.StoreException;
import doorbell.io.Budget;
import doorbell.wait.WaitQuota;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReadinessTest {
  private final Store store = new Store();
  private long now = 7;

  /** A store that answers when the test says so. */
  private static final class Store implements SetStore {
    final List<CompletableFuture<Boolean>> asked = new ArrayList<>();
    final Set<EventId> ids = new HashSet<>();
    int flushes;

    @Override
    public CompletionStage<Boolean> isSet(EventId id) {
      return NO;
    }

    @Override
    public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
      ids.add(id);
      CompletableFuture<Boolean> answer = new CompletableFuture<>();
      asked.add(answer);
      return answer;
    }

    @Override
    public void flush() {
      flushes++;
    }

    @Override
    public void close() {}
  }

  private Readiness over(String kind) {
    EventTable table = new EventTable(store, (millis, task) -> {});
    Node node =
        new Node(
            List.of(),
            table,
            new WaitQuota(1),
            new Budget(1),
            null,
            1,
            () -> false,
            new Node.About("1", kind, "nio"));
    return new Readiness(node, () -> now);
  }

  @Test
  void aNodeIsReadyOnceItsStoreHasAnswered() {
    Readiness readiness = over("rocksdb");
    assertThat(readiness.fault()).isEqualTo("the store has not answered yet");
    readiness.run();
    assertThat(store.flushes).isEqualTo(1);
    assertThat(readiness.fault()).isEqualTo("the store has not answered yet");
    store.asked.getLast().complete(true);
    assertThat(readiness.fault()).isNull();
  }

  @Test
  void aStoreThatFailsIsToldUntilItStoresAgain() {
    Readiness readiness = over("rocksdb");
    readiness.run();
    store.asked.getLast().completeExceptionally(new StoreException("the disk is full"));
    assertThat(readiness.fault()).isEqualTo("the disk is full");
    readiness.run();
    assertThat(readiness.fault()).isEqualTo("the disk is full");
    store.asked.getLast().completeExceptionally(new IllegalStateException("secret"));
    assertThat(readiness.fault()).isEqualTo("the store failed");
    readiness.run();
    store.asked.getLast().complete(true);
    assertThat(readiness.fault()).isNull();
  }

  @Test
  void aStoreThatAnswersNoMoreIsToldAndAskedOnce() {
    Readiness readiness = over("rocksdb");
    readiness.run();
    store.asked.getLast().complete(true);
    readiness.run();
    now += TimeUnit.SECONDS.toNanos(Readiness.LATE_SECONDS) - 1;
    readiness.run();
    assertThat(readiness.fault()).isNull();
    now += 1;
    assertThat(readiness.fault()).isEqualTo("the store has not answered for 10 s");
    assertThat(store.asked).hasSize(2);
    store.asked.getLast().complete(true);
    assertThat(readiness.fault()).isNull();
  }

  @Test
  void aNodeThatEndsIsNotReady() {
    Readiness readiness = over("rocksdb");
    readiness.run();
    store.asked.getLast().complete(true);
    readiness.drain();
    assertThat(readiness.fault()).startsWith("the node is about to end");
  }

  /** A store in memory has room for few sets, and would be full of bells. */
  @Test
  void theBellsTakeOnePlaceOfAStoreInMemory() {
    for (String kind : List.of("memory", "rocksdb")) {
      store.ids.clear();
      Readiness readiness = over(kind);
      for (int i = 0; i < 3; i++) {
        readiness.run();
        store.asked.getLast().complete(i == 0);
        assertThat(readiness.fault()).isNull();
      }
      assertThat(store.ids).hasSize(kind.equals("memory") ? 1 : 3);
    }
  }
}
