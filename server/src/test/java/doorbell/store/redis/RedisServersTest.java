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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How nodes start over three servers, of which one is away or refuses them. */
class RedisServersTest {
  private static final Duration SOON = Duration.ofSeconds(30);

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

  private SharedStore connect() {
    String urls = servers.stream().map(RedisServer::url).collect(Collectors.joining(","));
    SharedStore store =
        RedisStore.open(
            new RedisSettings(
                RedisAddress.parseAll(urls),
                "doorbell",
                Duration.ofHours(1),
                Duration.ofSeconds(25),
                RedisSettings.USUAL_BELL));
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
    SharedStore store = CompletableFuture.supplyAsync(this::connect).get(15, TimeUnit.SECONDS);
    String lack = "all servers must be in reach once, at the first start";
    await().atMost(SOON).until(() -> String.valueOf(store.members().get(1).fault()).contains(lack));
    assertThat(set(store, 1)).failsWithin(SOON);
    servers.getFirst().start();
    await().atMost(SOON).until(() -> isWell(store));
    assertThat(set(store, 1)).succeedsWithin(SOON);
  }
}
