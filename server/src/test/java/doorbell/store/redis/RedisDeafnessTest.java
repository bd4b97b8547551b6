package doorbell.store.redis;

import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A connection that stays, and tells nothing. */
class RedisDeafnessTest {
  /** What the node hears. */
  private final Set<EventId> heard = ConcurrentHashMap.newKeySet();

  private final AtomicInteger gaps = new AtomicInteger();

  /** Its commands are answered as ever: the node knows by its bell alone. */
  @Test
  void aNodeThatIsDeafConnectsAnewAndHearsAgain(@TempDir Path folder) throws Exception {
    try (RedisServer redis = new RedisServer(folder);
        Relay relay = new Relay(redis.port());
        SharedStore node = open(relay.url(), RedisStoreTest.QUICK_BELL);
        SharedStore other = open(redis.url(), RedisStoreTest.BELL)) {
      other.listen(new Ears(ConcurrentHashMap.newKeySet(), new AtomicInteger()));
      node.listen(new Ears(heard, gaps));
      await().atMost(RedisStoreTest.SOON).until(() -> hears(other, new EventId.Plain(0, 1)));
      int before = gaps.get();
      relay.deafen();
      await().atMost(RedisStoreTest.SOON).until(() -> gaps.get() > before);
      await().atMost(RedisStoreTest.SOON).until(() -> hears(other, new EventId.Plain(0, 2)));
      await().atMost(RedisStoreTest.SOON).until(() -> node.fault() == null);
    }
  }

  private boolean hears(SharedStore other, EventId id) {
    other.setSoon(id, 0);
    other.flush();
    return heard.contains(id);
  }

  private static SharedStore open(String url, Duration bell) {
    return RedisStore.open(
        new RedisSettings(
            RedisAddress.parseAll(url),
            "doorbell",
            Duration.ofMinutes(10),
            RedisStoreTest.SWEEP,
            bell));
  }

  private record Ears(Set<EventId> heard, AtomicInteger gaps) implements SharedStore.Listener {
    @Override
    public void onSet(EventId id, long spreadMillis) {
      heard.add(id);
    }

    @Override
    public void onGap() {
      gaps.incrementAndGet();
    }
  }
}
