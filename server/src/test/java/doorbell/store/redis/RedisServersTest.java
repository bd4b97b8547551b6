package doorbell.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.event.SharedStore;
import doorbell.event.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes over three servers, of which one is away, refuses them, or has lost its sets. */
class RedisServersTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** Tells soon of a server that lost its sets. */
  private static final Duration BRISK = Duration.ofMillis(500);

  @TempDir private Path folder;
  private final List<RedisServer> servers = new ArrayList<>();
  private final List<SharedStore> stores = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    for (int i = 0; i < 3; i++) {
      servers.add(new RedisServer(folder.resolve("" + i)));
    }
  }

  @AfterEach
  void end() {
    stores.forEach(SharedStore::close);
    servers.forEach(RedisServer::close);
  }

  /** Rings seldom, so that a server isn't taken for a deaf one where the machine stalls. */
  private SharedStore connect() {
    return connect(Duration.ofSeconds(20));
  }

  private SharedStore connect(Duration bell) {
    String urls = servers.stream().map(RedisServer::url).collect(Collectors.joining(","));
    SharedStore store =
        RedisStore.open(
            new RedisSettings(
                RedisAddress.parseAll(urls),
                "doorbell",
                Duration.ofHours(1),
                Duration.ofSeconds(25),
                bell));
    stores.add(store);
    store.listen(
        new SharedStore.Listener() {
          @Override
          public void onSet(EventId id, long spreadMillis) {}

          @Override
          public void onGap() {}
        });
    return store;
  }

  private static boolean isWell(SharedStore store) {
    return store.members().stream().allMatch(member -> member.fault() == null);
  }

  private static CompletableFuture<Boolean> set(SharedStore store, long id) {
    CompletableFuture<Boolean> set =
        store.setSoon(new EventId.Plain(0, id), 0).toCompletableFuture();
    store.flush();
    return set;
  }

  @Test
  void aMinorityThatRefusesThePasswordStopsNoStart() throws IOException {
    SharedStore first = connect();
    await().atMost(SOON).until(() -> isWell(first));
    servers.get(0).say("CONFIG SET requirepass sesame");
    SharedStore second = connect();
    await().atMost(SOON).until(() -> second.fault() == null);
    assertThat(second.members().getFirst().fault()).contains("asks for a password");
    assertThat(set(second, 1)).succeedsWithin(SOON);
    servers.get(1).say("CONFIG SET requirepass sesame");
    assertThatThrownBy(this::connect)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("asks for a password");
  }

  @Test
  void aNewStoreBeginsOnceAllServersAreThere() throws Exception {
    servers.getFirst().kill();
    SharedStore store =
        CompletableFuture.supplyAsync(() -> connect(BRISK)).get(15, TimeUnit.SECONDS);
    String lack = "all servers must be in reach once, at the first start";
    await().atMost(SOON).until(() -> String.valueOf(store.members().get(1).fault()).contains(lack));
    assertThat(set(store, 1)).failsWithin(SOON);
    servers.getFirst().start();
    await().atMost(SOON).until(() -> isWell(store));
    assertThat(set(store, 1)).succeedsWithin(SOON);
  }

  private void setAll(SharedStore store, int from, int to) {
    List<CompletableFuture<Boolean>> sets =
        IntStream.range(from, to).mapToObj(id -> set(store, id)).toList();
    sets.forEach(set -> assertThat(set).succeedsWithin(SOON));
  }

  private static void areAllSet(SharedStore store, int ids) {
    for (int id = 0; id < ids; id++) {
      assertThat(store.isSet(new EventId.Plain(0, id)).toCompletableFuture())
          .as("%s", id)
          .succeedsWithin(SOON)
          .isEqualTo(true);
    }
  }

  /** Its sets were at one of the others each, and at both of them none. */
  @Test
  void aServerThatLostItsSetsIsFilledFromAllOthersWithTheTimeThatIsLeft() throws Exception {
    SharedStore store = connect(BRISK);
    SharedStore other = connect(BRISK);
    await().atMost(SOON).until(() -> isWell(store) && isWell(other));
    servers.get(2).kill();
    setAll(store, 0, 600);
    servers.get(2).start();
    await().atMost(SOON).until(() -> isWell(store));
    servers.get(0).kill();
    setAll(store, 600, 1_000);
    servers.get(0).start();
    servers.get(0).say("PEXPIRE doorbell:7 1000000");
    servers.get(0).say("PERSIST doorbell:8");
    await().atMost(SOON).until(() -> isWell(store));
    servers.get(1).say("FLUSHALL");
    await().atMost(SOON).until(() -> !isWell(store));
    await().atMost(SOON).until(() -> isWell(store) && isWell(other));
    servers.get(0).kill();
    areAllSet(store, 1_000);
    servers.get(0).start();
    await().atMost(SOON).until(() -> isWell(store));
    servers.get(2).kill();
    areAllSet(store, 1_000);
    assertThat(leftAt(servers.get(1), 7)).isBetween(900_000L, 1_000_000L);
    assertThat(leftAt(servers.get(1), 8)).isBetween(3_500_000L, 3_600_000L);
  }

  private static long leftAt(RedisServer server, int id) throws IOException {
    return Long.parseLong(server.say("PTTL doorbell:" + id).substring(1));
  }

  @Test
  void aServerThatLosesItsSetsAgainWhileItIsFilledIsFilledAnew() throws Exception {
    SharedStore store = connect(BRISK);
    await().atMost(SOON).until(() -> isWell(store));
    servers.get(2).kill(); // It lacks the sets, so that they are read once alone.
    setAll(store, 0, 20_000);
    servers.get(2).start();
    await().atMost(SOON).until(() -> isWell(store));
    RedisServer lost = servers.get(1);
    do { // Once more where the test was so slow that all was copied.
      lost.say("FLUSHALL");
      await().pollInterval(Duration.ofMillis(5)).atMost(SOON).until(() -> sizeOf(lost) > 5_000);
    } while (lost.say("GET doorbell:mark").equals("$1"));
    lost.say("FLUSHALL");
    await().atMost(SOON).until(() -> lost.say("GET doorbell:mark").equals("$1"));
    assertThat(sizeOf(lost)).isGreaterThan(20_000);
  }

  private static long sizeOf(RedisServer server) throws IOException {
    return Long.parseLong(server.say("DBSIZE").substring(1));
  }
}
