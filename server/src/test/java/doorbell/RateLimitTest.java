package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.awaitility.Awaitility.await;

import doorbell.io.IoLoop;
import doorbell.io.Transport;
import doorbell.limit.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Waits and sets beyond the rates of their address, on a simulated node. */
class RateLimitTest {
  private static final int CROWD = 1;
  private static final int HONEST = 2;

  private final SimulatedNode node =
      new SimulatedNode(
          SimulatedNode.options(10_000, 0)
              .with(LimitOptions.MAX_WAITS_PER_SECOND_PER_ADDRESS, 2)
              .with(LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS, 3));

  private final SimulatedNode.Client client = node.connect(0, CROWD);

  @Test
  void eachIdOfAWaitTakesAToken() {
    assertThat(ask(client, "GET /" + ids(1, 20) + "?timeout=0", "").status()).isEqualTo(204);
    Answer refused = ask(client, "GET /1?timeout=0", "");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.body()).contains("at most 2 waits a second from one address");
    assertThat(refused.field("Retry-After")).matches("[12]");
    assertThat(refused.closes()).isFalse();
    assertThat(ask(client, "POST /1", "").status()).isEqualTo(201);
    assertThat(ask(node.connect(0, HONEST), "GET /2?timeout=0", "").status()).isEqualTo(204);
    node.pass(1_000);
    assertThat(ask(client, "GET /2,3?timeout=0", "").status()).isEqualTo(204);
    assertThat(ask(node.connect(0, CROWD), "HEAD /2", "").status()).isEqualTo(429);
    assertThat(node.quota.refusals(Limit.WAITS_PER_SECOND_PER_ADDRESS)).isEqualTo(2);
  }

  @Test
  void aBulkSetTakesATokenForEachLineAndARefusedOneSetsNothing() {
    assertThat(bulk(1, 20).status()).isEqualTo(200);
    Answer refused = bulk(21, 40);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.body()).contains("at most 3 sets a second from one address");
    assertThat(node.store.answeredTrue()).isEqualTo(20);
    assertThat(bulk(21, 30).status()).isEqualTo(200);
    assertThat(ask(client, "POST /99", "").status()).isEqualTo(429);
    assertThat(ask(node.connect(0, HONEST), "POST /99", "").status()).isEqualTo(201);
  }

  /** Else it could never be made. */
  @Test
  void aBulkSetThatIsMoreThanABucketHoldsIsTakenAndOwed() {
    assertThat(bulk(1, 1_000).status()).isEqualTo(200);
    Answer refused = ask(client, "POST /2000", "");
    assertThat(refused.status()).isEqualTo(429);
    assertThat(Integer.parseInt(requireNonNull(refused.field("Retry-After")))).isBetween(300, 600);
    node.pass(325_000);
    assertThat(ask(node.connect(0, CROWD), "POST /2000", "").status()).isEqualTo(201);
  }

  @Test
  void aRefusedSetOfASealedIdIsStillToldOfItsKey() {
    assertThat(bulk(1, 30).status()).isEqualTo(200);
    assertThat(ask(client, "POST /" + "a".repeat(64), "").status()).isEqualTo(403);
  }

  @Test
  void overWebSocketTheIdIsToldWhy() {
    SocketCaller socket = new SocketCaller(client);
    socket.say("wait " + ids(1, 21).replace(',', ' ')).say("wait 22");
    node.runAll();
    String sentence = ": at most 2 waits a second from one address, one for each id; try later";
    assertThat(socket.hear()).containsExactly("error 21" + sentence, "error 22" + sentence);
    IntStream.rangeClosed(101, 131).forEach(id -> socket.say("set " + id));
    node.runAll();
    assertThat(socket.hear())
        .hasSize(31)
        .contains("done 101", "done 130")
        .contains(
            "error 131: at most 3 sets a second from one address, one for each id; try later");
    assertThat(node.quota.taken()).isEqualTo(20);
    node.pass(500);
    socket.say("wait 22").say("set 22");
    node.runAll();
    assertThat(socket.hear()).containsExactly("set 22", "done 22");
  }

  @Test
  void retryAfterIsSpread() {
    assertThat(ask(client, "GET /" + ids(1, 20) + "?timeout=0", "").status()).isEqualTo(204);
    String asked = "GET /" + ids(1, 20) + "?timeout=0";
    assertThat(
            IntStream.range(0, 200)
                .mapToObj(i -> requireNonNull(ask(client, asked, "").field("Retry-After")))
                .map(Integer::valueOf)
                .distinct()
                .sorted())
        .containsExactly(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22);
  }

  private Answer bulk(int from, int to) {
    return ask(client, "POST /", ids(from, to).replace(',', '\n'));
  }

  private static String ids(int from, int to) {
    return IntStream.rangeClosed(from, to)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(","));
  }

  private Answer ask(SimulatedNode.Client from, String what, String body) {
    from.send(
        "%s HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n%s"
            .formatted(what, body.length(), body));
    node.runAll();
    StringBuilder received = from.received();
    return requireNonNull(
        Answer.take(received, what.startsWith("HEAD")), () -> "no answer but " + received);
  }

  /**
   * The kernel knows no address of a connection that was reset, though its bytes are there; nor
   * does the node, of one that came before there was a limit.
   */
  @ParameterizedTest
  @MethodSource("doorbell.PortFixture#transports")
  void whoIsGoneAlreadySetsNoMoreThanOthers(Transport transport) throws Exception {
    Options before =
        PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75))
            .with(Options.LOOPS, 1);
    try (PortFixture port = new PortFixture(before)) {
      IoLoop loop = port.port.loops.getFirst().io;
      List<Peer> peers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        peers.add(port.connect());
      }
      await().until(() -> loop.open() == 40);
      port.port.reload(before.with(LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS, 1));
      CountDownLatch gone = new CountDownLatch(1);
      loop.events.execute(() -> assertThatNoException().isThrownBy(gone::await));
      for (int i = 0; i < 40; i++) {
        peers.get(i).say("POST /" + i + " HTTP/1.1\nHost: a\nContent-Length: 0\n\n").reset();
      }
      gone.countDown();
      await().until(() -> loop.open() == 0);
      int set = 0;
      for (int i = 0; i < 40; i++) {
        Peer asking = port.connect().say("GET /" + i + "?timeout=0 HTTP/1.1\nHost: a\n\n");
        set += asking.hear().status() == 200 ? 1 : 0;
        asking.close();
      }
      assertThat(set).isLessThanOrEqualTo(10);
    }
  }
}
