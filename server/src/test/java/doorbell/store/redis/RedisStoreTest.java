package doorbell.store.redis;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import doorbell.store.SetStoreContract;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store over one Redis: what every store promises, and what this one does beside. */
class RedisStoreTest extends SetStoreContract {
  /** A loaded machine takes its time. */
  static final Duration SOON = Duration.ofSeconds(60);

  /** Longer than any stall: no link is left for being slow. */
  static final Duration BELL = Duration.ofSeconds(20);

  /** For those who see by the bell what a server can't do; a stall may end their link. */
  static final Duration QUICK_BELL = Duration.ofMillis(700);

  static final Duration SWEEP = Duration.ofSeconds(25);
  private static final Duration REMEMBER = Duration.ofMinutes(10);

  @TempDir private Path folder;

  /** What each store hears of, with its spread, in the order in which they were connected. */
  private final List<Map<EventId, Long>> heard = new ArrayList<>();

  private @Nullable RedisServer started;
  private RedisServer redis;

  /** The store was opened before, and its Redis with it. */
  @BeforeEach
  void takeRedis() {
    redis = requireNonNull(started);
  }

  @AfterEach
  void endRedis() {
    if (started != null) {
      started.close();
    }
  }

  @Override
  protected SharedStore open() throws IOException {
    started = new RedisServer(folder);
    SharedStore opened = connect(started.url(), "doorbell");
    await().atMost(SOON).until(() -> opened.fault() == null);
    return opened;
  }

  private SharedStore connect(String url, String prefix) {
    return connect(url, prefix, BELL);
  }

  private SharedStore connect(String url, String prefix, Duration bell) {
    RedisSettings settings =
        new RedisSettings(RedisAddress.parseAll(url), prefix, REMEMBER, SWEEP, bell);
    SharedStore opened = RedisStore.open(settings);
    Map<EventId, Long> here = new ConcurrentHashMap<>();
    heard.add(here);
    try {
      opened.listen(
          new SharedStore.Listener() {
            @Override
            public void onSet(EventId id, long spreadMillis) {
              here.put(id, spreadMillis);
            }

            @Override
            public void onGap() {}
          });
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  @Test
  void aSetIsAKeyThatExpires() throws IOException {
    answer(store.set(id(22482)));
    assertThat(redis.say("GET doorbell:22482")).isEqualTo("$1");
    long left = Long.parseLong(redis.say("PTTL doorbell:22482").substring(1));
    assertThat(left).isBetween(REMEMBER.toMillis() - 60_000, REMEMBER.toMillis());
  }

  /** A set whose answer was lost is acknowledged later, and remembered from then on. */
  @Test
  void aRepeatedSetIsRememberedAnew() throws IOException {
    answer(store.set(id(22482)));
    redis.say("PEXPIRE doorbell:22482 60000");
    assertThat(answer(store.set(id(22482)))).isFalse();
    long left = Long.parseLong(redis.say("PTTL doorbell:22482").substring(1));
    assertThat(left).isGreaterThan(60_000);
  }

  @Test
  void anotherNodeHearsOfASetAndOfItsSpread() {
    EventId sealed = new EventId.Sealed(1, 2, 3, -4);
    try (SharedStore other = connect(redis.url(), "doorbell")) {
      other.setSoon(id(-1), 0);
      other.setSoon(sealed, 1_500);
      other.flush();
      Map<EventId, Long> both = Map.of(id(-1), 0L, sealed, 1_500L);
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(heard.getFirst()).containsAllEntriesOf(both));
      assertThat(answer(store.isSet(sealed))).isTrue();
      assertThat(answer(store.set(sealed))).isFalse();
    }
  }

  @Test
  void anotherPrefixAndAnotherDatabaseAreOtherStores() {
    try (SharedStore prefixed = connect(redis.url(), "other");
        SharedStore inAnother = connect(redis.url() + "/3", "doorbell")) {
      assertThat(answer(store.set(id(1)))).isTrue();
      assertThat(answer(prefixed.isSet(id(1)))).isFalse();
      assertThat(answer(inAnother.isSet(id(1)))).isFalse();
      assertThat(answer(inAnother.set(id(1)))).isTrue();
      assertThat(answer(prefixed.set(id(2)))).isTrue();
      await().atMost(SOON).untilAsserted(() -> assertThat(heard.get(1)).containsKey(id(2)));
      await().atMost(SOON).untilAsserted(() -> assertThat(heard.get(2)).containsKey(id(1)));
      assertThat(heard.get(0)).doesNotContainKey(id(2));
      assertThat(heard.get(1)).doesNotContainKey(id(1));
    }
  }

  @Test
  void scriptsThatRedisHasForgottenAreSentAgain() throws IOException {
    answer(store.set(id(1)));
    redis.say("SCRIPT FLUSH");
    assertThat(answer(store.set(id(1)))).isFalse();
    assertThat(answer(store.isSet(id(1)))).isTrue();
  }

  @Test
  void aRedisWithoutMemorySaysSoAndGoesOnAnswering() throws IOException {
    answer(store.set(id(1)));
    try (SharedStore watch = connect(redis.url(), "doorbell", QUICK_BELL)) {
      redis.say("CONFIG SET maxmemory 1");
      assertThatThrownBy(() -> answer(store.set(id(2)))).hasCauseInstanceOf(StoreException.class);
      assertThat(answer(store.isSet(id(1)))).isTrue();
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(watch.fault()).contains("has no memory for sets"));
      redis.say("CONFIG SET maxmemory 0");
      await().atMost(SOON).untilAsserted(() -> assertThat(watch.fault()).isNull());
      assertThat(answer(store.set(id(2)))).isTrue();
    }
  }

  @Test
  void aCopyIsToldFromTheServerThatTakesSets(@TempDir Path other) throws IOException {
    try (RedisServer master = new RedisServer(other);
        SharedStore watch = connect(redis.url(), "doorbell", QUICK_BELL)) {
      redis.say("REPLICAOF 127.0.0.1 " + master.port());
      await().atMost(SOON).untilAsserted(() -> assertThat(watch.fault()).contains("is a copy"));
      assertThatThrownBy(() -> answer(store.set(id(2)))).hasCauseInstanceOf(StoreException.class);
    }
  }

  @Test
  void aPasswordIsAskedForAndAWrongOneIsToldWithoutIt() throws IOException {
    redis.say("CONFIG SET requirepass sesame");
    assertThatThrownBy(() -> connect(redis.url(), "doorbell"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("asks for a password; give --store-password-file");
    String wrong = redis.url().replace("//", "//:open@");
    assertThatThrownBy(() -> connect(wrong, "doorbell"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("refuses the password")
        .hasMessageNotContaining("open");
    connect(redis.url().replace("//", "//:sesame@"), "doorbell").close();
  }

  @Test
  void theRightsInTheDocumentationAreEnoughAndNoMoreIsAllowed() throws IOException {
    redis.say(
        "ACL SETUSER doorbell on >sesame resetkeys ~doorbell:* resetchannels &doorbell:* -@all"
            + " +auth +eval +evalsha +get +mget +ping +publish +pttl +scan +select +set"
            + " +subscribe +time");
    String ours = redis.url().replace("//", "//doorbell:sesame@");
    try (SharedStore limited = connect(ours, "doorbell")) {
      assertThat(answer(limited.set(id(5)))).isTrue();
      assertThat(limited.fault()).isNull();
    }
    assertThatThrownBy(() -> connect(ours, "other"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("lets this user do too little");
  }

  /** Often, since the driver may lose what the server says. */
  @Test
  void aDatabaseThatIsNotThereIsTold() {
    for (int i = 0; i < 20; i++) {
      assertThatThrownBy(() -> connect(redis.url() + "/77", "doorbell"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("has no database 77");
    }
  }

  @Test
  void aServerThatIsNotThereAtTheStartIsToldAndFoundWhenItComes() throws Exception {
    redis.kill();
    try (SharedStore early = connect(redis.url(), "doorbell")) {
      assertThat(early.fault()).contains("can't be reached (connection refused); start it");
      assertThatThrownBy(() -> answer(early.set(id(1)))).hasCauseInstanceOf(StoreException.class);
      assertThatThrownBy(() -> answer(early.isSet(id(1)))).hasCauseInstanceOf(StoreException.class);
      assertThat(answer(early.lookUp(id(1)))).isFalse();
      redis.start();
      await().atMost(SOON).untilAsserted(() -> assertThat(early.fault()).isNull());
      assertThat(answer(early.set(id(1)))).isTrue();
    }
  }
}
