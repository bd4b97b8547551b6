package doorbell.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.store.ServerProcess;
import doorbell.store.replica.Crowd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ways to a Redis that is not simply named: over TLS, and by Sentinels. */
class RedisWaysTest {
  private static final Duration SWEEP = Duration.ofHours(1);

  private final Crowd crowd = new Crowd();
  private final List<RedisServer> servers = new ArrayList<>();

  @TempDir private Path folder;

  @AfterEach
  void end() {
    try {
      crowd.close();
    } finally {
      servers.forEach(RedisServer::close);
    }
  }

  private RedisServer server(String name, String... options) throws IOException {
    RedisServer server = new RedisServer(folder.resolve(name), options);
    servers.add(server);
    return server;
  }

  private void node(String url) {
    node(RedisAddress.parseAll(url).getFirst());
  }

  private void node(RedisAddress address) {
    RedisSettings settings =
        new RedisSettings(
            List.of(address), "doorbell", Duration.ofHours(1), SWEEP, RedisStoreTest.QUICK_BELL);
    crowd.add(RedisStore.open(settings));
  }

  private void awaitASetOfOneNodeHeardAtTheOther(EventId id) {
    crowd.begin(0, id);
    await()
        .atMost(Crowd.SOON)
        .until(() -> crowd.set(1, id).handle((first, failure) -> failure == null).join());
    crowd.awaitHeard();
    assertThat(crowd.history().faults()).isEmpty();
  }

  @Test
  void aRedisMayBeSpokenToOverTlsAndIsKnownByItsCertificate() throws Exception {
    String key = folder.resolve("key.pem").toString();
    String certificate = folder.resolve("certificate.pem").toString();
    Process openssl =
        new ProcessBuilder(
                List.of(
                    ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
                            + " -subj /CN=redis -addext subjectAltName=DNS:localhost -keyout "
                            + key
                            + " -out "
                            + certificate)
                        .split(" ")))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl").toFile())
            .start();
    assertThat(openssl.waitFor()).isZero();
    int port = ServerProcess.freePort();
    server(
        "tls",
        List.of(
                List.of("--tls-port", "" + port, "--tls-auth-clients", "no"),
                List.of("--tls-cert-file", certificate, "--tls-key-file", key))
            .stream()
            .flatMap(List::stream)
            .toArray(String[]::new));
    String url = "rediss://localhost:" + port;
    node(url + "?sslrootcert=" + certificate);
    node(url + "?sslrootcert=" + certificate);
    crowd.awaitWell();
    awaitASetOfOneNodeHeardAtTheOther(new EventId.Plain(0, 22_482));
    node(url);
    assertThat(crowd.last().fault()).contains("can't be reached (TLS: ");
    node(url.replace("localhost", "127.0.0.1") + "?sslrootcert=" + certificate);
    assertThat(crowd.last().fault()).as("the name is another").contains("(TLS: ");
    assertThatThrownBy(() -> node(url + "?sslrootcert=/no/such")).hasMessageContaining("/no/such");
  }

  private RedisServer sentinel(RedisServer master, String... settings) throws IOException {
    Path at = folder.resolve("sentinel" + servers.size());
    RedisServer sentinel = new RedisServer(at, master, settings);
    servers.add(sentinel);
    return sentinel;
  }

  /** As one that was cut off with the old server, which knows that its copies have gone. */
  @Test
  void aSentinelThatIsStaleIsLeftForTheNext() throws Exception {
    RedisServer old = server("old");
    node(old.url());
    crowd.awaitWell();
    old.say("CONFIG SET min-replicas-to-write 1");
    RedisServer stale = sentinel(old);
    RedisServer right = sentinel(server("new"));
    String both = "127.0.0.1:" + stale.port() + ",127.0.0.1:" + right.port();
    node("redis-sentinel://" + both + "/0?master=bells");
    await().atMost(Crowd.SOON).until(() -> crowd.last().fault() == null);
  }

  @Test
  void sentinelsMayAskForAPasswordOfTheirOwn() throws Exception {
    RedisServer sentinel = sentinel(server("one"), "requirepass sesame");
    String url = "redis-sentinel://127.0.0.1:" + sentinel.port() + "/0?master=bells";
    assertThatThrownBy(() -> node(url))
        .hasMessageContaining("asks for a password")
        .hasMessageContaining("sentinelpasswordfile");
    Path file = Files.writeString(folder.resolve("password"), "sesame\n");
    RedisAddress asking = RedisAddress.parseAll(url + "&sentinelpasswordfile=" + file).getFirst();
    node(asking.withSentinels(named -> named.equals(file) ? "sesame" : "wrong"));
    await().atMost(Crowd.SOON).until(() -> crowd.last().fault() == null);
  }

  @Test
  void whereSentinelsNameAnotherServerTheNodesFollow() throws Exception {
    RedisServer master = server("master");
    RedisServer copy = server("copy");
    copy.say("REPLICAOF 127.0.0.1 " + master.port());
    await().atMost(Crowd.SOON).until(() -> master.say("WAIT 1 1000").equals(":1"));
    RedisServer sentinel = sentinel(master);
    String url = "redis-sentinel://127.0.0.1:" + sentinel.port() + "/0?master=bells";
    node(url);
    node(url);
    crowd.awaitWell();
    awaitASetOfOneNodeHeardAtTheOther(new EventId.Plain(0, 1));
    master.kill();
    awaitASetOfOneNodeHeardAtTheOther(new EventId.Plain(0, 2));
    crowd.awaitWell();
    assertThat(copy.say("EXISTS doorbell:2")).isEqualTo(":1");
    assertThat(crowd.set(0, new EventId.Plain(0, 1))).succeedsWithin(Crowd.SOON).isEqualTo(false);
  }
}
