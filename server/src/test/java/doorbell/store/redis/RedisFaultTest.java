package doorbell.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.SharedStore;
import doorbell.event.Waiter;
import doorbell.store.replica.History;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two nodes over real Redis servers that are killed, paused, cut off and emptied under load. All
 * that clients hear is judged by {@link History}. A seed picks what clients do: {@code
 * -Dredis.seed=17}.
 */
class RedisFaultTest {
  private static final int NODES = 2;
  private static final int IDS = 4_000;
  private static final long PAUSE_NANOS = 500_000;
  private static final long FAULT_MILLIS = 600;

  /** Time within which all is heard after the repair; a loaded machine takes its time. */
  private static final Duration SOON = Duration.ofSeconds(60);

  /** No round of the sweep comes while a test runs: what is heard is heard by notifications. */
  private static final Duration SELDOM = Duration.ofHours(1);

  private final long seed = Long.getLong("redis.seed", 1);
  private final Random random = new Random(seed);
  private final History history = new History();
  private final List<RedisServer> servers = new ArrayList<>();
  private final List<SharedStore> stores = new ArrayList<>();
  private final List<EventTable> tables = new ArrayList<>();
  private final AtomicInteger sets = new AtomicInteger();
  private volatile boolean ends;

  @TempDir private Path folder;

  /** What happens to a server, and how it is mended. */
  enum Fault {
    KILLED {
      @Override
      void happens(RedisServer server) throws Exception {
        server.kill();
        pass();
        server.start();
      }
    },
    PAUSED {
      @Override
      void happens(RedisServer server) throws Exception {
        server.signal("STOP");
        pass();
        pass();
        server.signal("CONT");
      }
    },
    CUT_OFF {
      @Override
      void happens(RedisServer server) throws Exception {
        for (String kind : List.of("pubsub", "normal", "pubsub")) {
          server.say("CLIENT KILL TYPE " + kind);
          pass();
        }
      }
    },
    EMPTIED {
      @Override
      void happens(RedisServer server) throws Exception {
        server.say("FLUSHALL");
        pass();
      }
    };

    abstract void happens(RedisServer server) throws Exception;
  }

  private static void pass() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(FAULT_MILLIS));
  }

  @AfterEach
  void end() {
    ends = true;
    try {
      stores.forEach(SharedStore::close);
    } finally {
      servers.forEach(RedisServer::close);
    }
  }

  private void start(int replicas, Duration sweep, Duration bell) throws IOException {
    for (int i = 0; i < replicas; i++) {
      servers.add(new RedisServer(folder.resolve("" + i)));
    }
    String urls = servers.stream().map(RedisServer::url).collect(Collectors.joining(","));
    for (int i = 0; i < NODES; i++) {
      SharedStore store =
          RedisStore.open(
              new RedisSettings(
                  RedisAddress.parseAll(urls), "doorbell", Duration.ofHours(1), sweep, bell));
      stores.add(store);
      tables.add(new EventTable(store, RedisFaultTest::after));
    }
    await().atMost(SOON).until(this::isWell);
  }

  private void start(int replicas) throws IOException {
    start(replicas, SELDOM, RedisStoreTest.QUICK_BELL);
  }

  private static void after(long millis, Runnable task) {
    CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task);
  }

  private boolean isWell() {
    return stores.stream().allMatch(store -> store.fault() == null);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EMPTIED")
  void eachAcknowledgedSetIsHeardOverOneRedis(Fault fault) throws Exception {
    start(1);
    under(() -> suffer(fault));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CUT_OFF")
  void eachAcknowledgedSetIsHeardOverThreeOfWhichOneFails(Fault fault) throws Exception {
    start(3);
    under(() -> suffer(fault));
  }

  /** The one that was away is needed for each majority, as soon as it counts. */
  @Test
  void afterOneOfThreeHasComeBackAnotherMayFail() throws Exception {
    start(3);
    under(
        () -> {
          suffer(Fault.KILLED);
          await().atMost(SOON).until(this::isWhole);
          servers.get(1).kill();
          awaitSets();
        });
  }

  private boolean isWhole() {
    return stores.stream()
        .flatMap(store -> store.members().stream())
        .allMatch(member -> member.fault() == null);
  }

  /** Runs a story while clients go on, and judges what they have heard at its end. */
  private void under(Story story) throws Exception {
    Thread clients = Thread.ofPlatform().start(this::load);
    try {
      awaitSets();
      story.run();
    } finally {
      ends = true;
      clients.join();
    }
    await().atMost(SOON).until(() -> history.late() == 0);
    history.checkRest();
    assertThat(history.faults()).as("-Dredis.seed=" + seed).isEmpty();
  }

  /** A part of a test. */
  private interface Story {
    void run() throws Exception;
  }

  private void suffer(Fault fault) throws Exception {
    fault.happens(servers.getFirst());
    await().atMost(SOON).until(this::isWell);
    awaitSets();
  }

  /** Sets are acknowledged now. */
  private void awaitSets() {
    int before = sets.get();
    await().atMost(SOON).until(() -> sets.get() > before + 50);
  }

  /** An emptied Redis that is alone has lost its sets, and goes on with what is set from now on. */
  @Test
  void anEmptiedRedisThatIsAloneGoesOnWithNewSets() throws Exception {
    start(1);
    servers.getFirst().say("FLUSHALL");
    EventId id = new EventId.Plain(7, 7);
    begin(0, id);
    await().atMost(SOON).until(() -> set(1, id).handle((f, cause) -> cause == null).join());
    await().atMost(SOON).until(() -> history.late() == 0);
  }

  @Test
  void whatABusForgetsTheSweepFinds() throws Exception {
    start(1, Duration.ofMillis(600), RedisStoreTest.BELL);
    EventId id = new EventId.Plain(0, 22_482);
    assertThat(begin(0, id)).succeedsWithin(SOON).isEqualTo(false);
    history.setBegins(id);
    servers.getFirst().say("SET doorbell:22482 1 PX 600000"); // As a set whose word was lost.
    history.setIsAnswered(id, true);
    await().atMost(SOON).until(() -> history.late() == 0);
    assertThat(history.faults()).isEmpty();
  }

  @Test
  void ofThreeServersTwoMayNotFail() throws Exception {
    start(3);
    servers.get(0).kill();
    servers.get(1).kill();
    EventId id = new EventId.Plain(0, 1);
    assertThat(set(0, id)).failsWithin(SOON);
    assertThat(tables.getFirst().isSet(new EventId.Plain(0, 2)).toCompletableFuture())
        .failsWithin(SOON);
    await()
        .atMost(SOON)
        .untilAsserted(
            () -> assertThat(stores.getFirst().fault()).startsWith("2 of 3 replicas fail; "));
  }

  @Test
  void aServerThatCameBackEmptyCountsOnlyLater() throws Exception {
    start(3);
    servers.getFirst().say("FLUSHALL");
    await().atMost(SOON).until(() -> isFirstFaulty("counts again later"));
    await().atMost(SOON).until(this::isWell);
    servers.get(1).kill();
    assertThat(set(0, new EventId.Plain(0, 1))).failsWithin(SOON);
  }

  private boolean isFirstFaulty(String what) {
    return Objects.toString(stores.getFirst().members().getFirst().fault()).contains(what);
  }

  /** Clients that set, wait and ask, of ids that come up several times. */
  private void load() {
    while (!ends) {
      EventId id = new EventId.Plain(0, 1 + random.nextInt(IDS));
      int node = random.nextInt(NODES);
      switch (random.nextInt(4)) {
        case 0 -> set(node, id);
        case 1 -> ask(node, id);
        default -> begin(node, id);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private CompletableFuture<Boolean> set(int node, EventId id) {
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
  private CompletableFuture<Boolean> begin(int node, EventId id) {
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
}
