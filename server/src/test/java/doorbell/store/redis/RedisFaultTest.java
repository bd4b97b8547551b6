package doorbell.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.store.replica.Crowd;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two nodes over real Redis servers that are killed, paused, cut off and emptied under load. All
 * that clients hear is judged: see {@link Crowd}.
 */
class RedisFaultTest {
  private static final int NODES = 2;
  private static final long FAULT_MILLIS = 600;

  /** No round of the sweep comes while a test runs: what is heard is heard by notifications. */
  private static final Duration SELDOM = Duration.ofHours(1);

  private final Crowd crowd = new Crowd();
  private final List<RedisServer> servers = new ArrayList<>();

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
    try {
      crowd.close();
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
      crowd.add(
          RedisStore.open(
              new RedisSettings(
                  RedisAddress.parseAll(urls), "doorbell", Duration.ofHours(1), sweep, bell)));
    }
    crowd.awaitWell();
  }

  private void start(int replicas) throws IOException {
    start(replicas, SELDOM, RedisStoreTest.QUICK_BELL);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EMPTIED")
  void eachAcknowledgedSetIsHeardOverOneRedis(Fault fault) throws Exception {
    start(1);
    crowd.under(() -> suffer(fault));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "CUT_OFF")
  void eachAcknowledgedSetIsHeardOverThreeOfWhichOneFails(Fault fault) throws Exception {
    start(3);
    crowd.under(() -> suffer(fault));
  }

  /** The one that was away is needed for each majority, as soon as it counts. */
  @Test
  void afterOneOfThreeHasComeBackAnotherMayFail() throws Exception {
    start(3);
    crowd.under(
        () -> {
          suffer(Fault.KILLED);
          crowd.awaitWhole();
          servers.get(1).kill();
          crowd.awaitSets();
        });
  }

  private void suffer(Fault fault) throws Exception {
    fault.happens(servers.getFirst());
    crowd.awaitWell();
    crowd.awaitSets();
  }

  /** An emptied Redis that is alone has lost its sets, and goes on with what is set from now on. */
  @Test
  void anEmptiedRedisThatIsAloneGoesOnWithNewSets() throws Exception {
    start(1);
    servers.getFirst().say("FLUSHALL");
    EventId id = new EventId.Plain(7, 7);
    crowd.begin(0, id);
    await()
        .atMost(Crowd.SOON)
        .until(() -> crowd.set(1, id).handle((f, cause) -> cause == null).join());
    crowd.awaitHeard();
  }

  @Test
  void whatABusForgetsTheSweepFinds() throws Exception {
    start(1, Duration.ofMillis(600), RedisStoreTest.BELL);
    EventId id = new EventId.Plain(0, 22_482);
    assertThat(crowd.begin(0, id)).succeedsWithin(Crowd.SOON).isEqualTo(false);
    crowd.history().setBegins(id);
    servers.getFirst().say("SET doorbell:22482 1 PX 600000"); // As a set whose word was lost.
    crowd.history().setIsAnswered(id, true);
    crowd.awaitHeard();
    assertThat(crowd.history().faults()).isEmpty();
  }

  @Test
  void ofThreeServersTwoMayNotFail() throws Exception {
    start(3);
    servers.get(0).kill();
    servers.get(1).kill();
    EventId id = new EventId.Plain(0, 1);
    assertThat(crowd.set(0, id)).failsWithin(Crowd.SOON);
    assertThat(crowd.table().isSet(new EventId.Plain(0, 2)).toCompletableFuture())
        .failsWithin(Crowd.SOON);
    await()
        .atMost(Crowd.SOON)
        .untilAsserted(
            () -> assertThat(crowd.store().fault()).startsWith("2 of 3 replicas fail; "));
  }

  @Test
  void aServerThatCameBackEmptyCountsOnceTheOthersHaveFilledIt() throws Exception {
    start(3);
    servers.get(1).kill();
    servers.getFirst().say("FLUSHALL");
    await().atMost(Crowd.SOON).until(() -> crowd.store().fault() != null);
    assertThat(crowd.set(0, new EventId.Plain(0, 1))).failsWithin(Crowd.SOON);
    servers.get(1).start();
    await().atMost(Crowd.SOON).until(this::areAllWell);
    servers.get(2).kill();
    assertThat(crowd.set(0, new EventId.Plain(0, 1))).succeedsWithin(Crowd.SOON);
  }

  private boolean areAllWell() {
    return crowd.store().members().stream().allMatch(one -> one.fault() == null);
  }
}
