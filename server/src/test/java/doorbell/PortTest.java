package doorbell;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.io.Transport;
import doorbell.wait.WaitLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The port on real sockets, over each transport that this machine has. */
class PortTest {
  private static final String ASK = "GET /1?timeout=0 HTTP/1.1\nHost: a\n\n";
  private static final String SET =
      """
      POST /22482 HTTP/1.1
      Host: a

      """;

  private static final int SOME_ON_EACH_LOOP = 4 * PortFixture.LOOPS;

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aWaitIsHeldUntilSomebodySets(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      Peer waiter =
          node.connect()
              .say(
                  """
                  GET /22482,550e8400-e29b-41d4-a716-446655440000 HTTP/1.1
                  Host: bell.example
                  Accept: application/json

                  """);
      await().until(() -> node.port.parked() == 2);
      assertThat(node.connect().say(SET).hear().status()).isEqualTo(201);
      Answer answer = waiter.hear();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("{\"set\":[\"22482\"]}\n");
      assertThat(waiter.say(SET).hear().status()).isEqualTo(200);
      assertThat(node.table.size()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theStoreIsToldOfASetWhenThoseWhomItWakesHaveHeard(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> crowd = node.crowd(SOME_ON_EACH_LOOP, "22482");
      assertThat(heardBeforeTheStore(node, () -> crowd.removeFirst().hear().body()))
          .containsOnly("doorbell(22482);\n");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theStoreIsToldOfASetWhenTheWebSocketsThatItWakesHaveHeard(Transport transport)
      throws Exception {
    try (HttpClient http = HttpClient.newHttpClient();
        PortFixture node = new PortFixture(transport)) {
      BlockingQueue<String> told = new LinkedBlockingQueue<>();
      URI root = URI.create("ws://127.0.0.1:" + node.address().getPort());
      for (int i = 0; i < SOME_ON_EACH_LOOP; i++) {
        http.newWebSocketBuilder()
            .buildAsync(root, hears(told))
            .join()
            .sendText("wait 22482", true);
      }
      assertThat(heardBeforeTheStore(node, () -> String.valueOf(told.poll(20, SECONDS))))
          .containsOnly("set 22482");
    }
  }

  /** What all have heard until a loop goes on, which has the store flush. */
  private static List<String> heardBeforeTheStore(PortFixture node, Callable<String> next)
      throws Exception {
    await().until(() -> node.port.parked() == SOME_ON_EACH_LOOP);
    FutureTask<List<String>> flush =
        new FutureTask<>(
            () -> {
              List<String> heard = new ArrayList<>();
              while (heard.size() < SOME_ON_EACH_LOOP) {
                heard.add(next.call());
              }
              return heard;
            });
    node.store.hold();
    node.store.onFlush = flush;
    node.connect().say(SET);
    return flush.get(1, MINUTES);
  }

  private static WebSocket.Listener hears(Queue<String> told) {
    return new WebSocket.Listener() {
      @Override
      public @Nullable CompletionStage<?> onText(
          WebSocket socket, CharSequence text, boolean last) {
        told.add(text.toString());
        return WebSocket.Listener.super.onText(socket, text, last);
      }
    };
  }

  @ParameterizedTest
  @MethodSource("transports")
  void hangUpLeavesNothingBehindAtOnce(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> crowd = node.crowd(2_000, "1,2");
      await().until(() -> node.port.parked() == 4_000);
      assertThat(node.table.size()).isEqualTo(2);
      for (Peer peer : crowd) {
        peer.close();
      }
      await().until(() -> node.port.parked() == 0 && node.table.size() == 0);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void limitsOfAnAddressAreTakenWhileThePortIsOpen(Transport transport) throws Exception {
    Options off = PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75));
    Options one = off.with(LimitOptions.MAX_CONNECTIONS_PER_ADDRESS, 1);
    try (PortFixture node = new PortFixture(off)) {
      assertThat(statusOfOneMore(node)).isEqualTo(204);
      node.port.reload(one);
      Peer counted = node.connect().say(ASK);
      assertThat(counted.hear().status()).isEqualTo(204);
      Peer refused = node.connect().say(ASK);
      assertThat(refused.hear().status()).isEqualTo(429);
      assertThat(refused.hearsTheEnd()).isTrue();
      counted.close();
      await().until(() -> statusOfOneMore(node) == 204);
      node.port.reload(off);
      Peer meanwhile = node.connect().say(ASK);
      assertThat(meanwhile.hear().status()).isEqualTo(204);
      assertThat(statusOfOneMore(node)).isEqualTo(204);
      node.port.reload(one);
      await().until(() -> statusOfOneMore(node) == 429);
      meanwhile.close();
      await().until(() -> statusOfOneMore(node) == 204);
    }
  }

  private static int statusOfOneMore(PortFixture node) throws Exception {
    Peer peer = node.connect().say(ASK);
    int status = peer.hear().status();
    peer.close();
    return status;
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aDrainAnswersParkedWaitsAndCloses(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> crowd = node.crowd(50, "22482");
      await().until(() -> node.port.parked() == 50);
      node.port.drain(Duration.ofMillis(100));
      assertThat(node.port.parked()).isZero();
      for (Peer peer : crowd) {
        Answer answer = peer.hear();
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.closes()).isTrue();
        assertThat(peer.hearsTheEnd()).isTrue();
      }
      assertThatThrownBy(node::connect).isInstanceOf(ConnectException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void setsAcceptedDuringDrainAreAnswered(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      node.store.hold();
      Peer early = node.connect().say(SET);
      Peer late = node.connect();
      await().until(() -> node.store.held() == 1);
      node.port.drain(Duration.ZERO);
      late.say("POST /5 HTTP/1.1\nHost: a\n\n");
      await().until(() -> node.store.held() == 2);
      node.end();
      for (Peer setter : List.of(early, late)) {
        Answer answer = setter.hear();
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.closes()).isTrue();
        assertThat(setter.hearsTheEnd()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aRequestThatTakesTooLongIs408(Transport transport) throws Exception {
    Options quick = PortFixture.options(transport, Duration.ofMillis(100), Duration.ofSeconds(75));
    try (PortFixture node = new PortFixture(quick)) {
      Peer slowHead = node.connect().say("GET /22482 HTTP/1.1\nHost");
      Peer slowBody = node.connect().say("POST /22482 HTTP/1.1\nHost: a\nContent-Length: 5\n\nabc");
      for (Peer slow : List.of(slowHead, slowBody)) {
        Answer answer = slow.hear();
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.closes()).isTrue();
        assertThat(slow.hearsTheEnd()).isTrue();
      }
      assertThat(node.table.size()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void anIdleConnectionIsClosedWithoutAWordAndAParkedOneIsNot(Transport transport)
      throws Exception {
    try {
      isClosedAndAParkedOneIsNot(transport, Duration.ofMillis(100));
    } catch (IOException e) { // Where the machine stalled, who meant to speak was idle, too.
      isClosedAndAParkedOneIsNot(transport, Duration.ofSeconds(10));
    }
  }

  private static void isClosedAndAParkedOneIsNot(Transport transport, Duration idle)
      throws Exception {
    Options brisk = PortFixture.options(transport, Duration.ofSeconds(10), idle);
    try (PortFixture node = new PortFixture(brisk)) {
      Peer waiter = node.crowd(1, "22482").get(0);
      Peer setter = node.connect();
      assertThat(node.connect().hearsTheEnd()).isTrue();
      assertThat(setter.hearsTheEnd()).isTrue();
      assertThat(node.connect().say(SET).hear().status()).isEqualTo(201);
      assertThat(waiter.hear().status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void bytesBehindTheLastRequestDontCostItsAnswer(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      for (int i = 0; i < 20; i++) {
        Peer talker =
            node.connect()
                .say(
                    """
                    GET /22482?timeout=0 HTTP/1.1
                    Host: a
                    Connection: close

                    """
                        + "x".repeat(100_000));
        Answer answer = talker.hear();
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.closes()).isTrue();
        assertThat(talker.hearsTheEnd()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void tooManyBytesBehindAWaitAre413(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      Peer talker = node.connect().say("GET /22482 HTTP/1.1\nHost: a\n\n" + "x".repeat(40_000));
      assertThat(talker.hear().status()).isEqualTo(413);
      assertThat(talker.hearsTheEnd()).isTrue();
      await().until(() -> node.table.size() == 0 && node.port.parked() == 0);
    }
  }

  /** Large bodies first: then the node reads much at once. Each poll of the client is a sound. */
  @Test
  void whoStaysAfterTheLastAnswerIsCutOff() throws IOException {
    try (PortFixture node = new PortFixture(Transport.AUTO)) {
      Peer refused = node.connect();
      for (int i = 0; i < 10; i++) {
        refused.say("POST /6 HTTP/1.1\nHost: a\nContent-Length: 60000\n\n" + "x".repeat(60_000));
        refused.hear();
      }
      refused.say("GET /5 HTTP/1.1\nHost: a\n\n" + "x".repeat(20_000));
      Peer closed = node.connect().say("HEAD /5 HTTP/1.1\nHost: a\nConnection: close\n\n");
      assertThat(refused.hear().status()).isEqualTo(413);
      assertThat(closed.hear().status()).isEqualTo(204);
      Duration silence = Duration.ofMillis(HttpLimits.LINGER_MILLIS * 4 / 3);
      assertThat(refused.hearsTheEnd()).isTrue();
      assertThat(closed.hearsTheEnd()).isTrue();
      List<Peer> both = List.of(refused, closed); // Each is heard at each poll.
      await()
          .atMost(silence.multipliedBy(9))
          .pollInterval(silence)
          .until(() -> both.stream().filter(PortTest::isCutOff).count() == 2);
    }
  }

  /** A closed socket answers the first bytes by a reset, and the next write hears of it. */
  private static boolean isCutOff(Peer peer) {
    try {
      peer.say("x");
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aPortThatLostALoopSaysSoAndStillKeepsSets(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> crowd = node.crowd(SOME_ON_EACH_LOOP, "22482");
      await().until(() -> node.port.parked() == crowd.size());
      CompletableFuture<Throwable> failure = node.port.failure().toCompletableFuture();
      assertThat(failure).isNotDone();
      // The first one has the listener, too.
      WaitLoop lost = node.port.loops.getFirst();
      lost.io.events.shutdownGracefully(0, 0, SECONDS);
      assertThat(failure).succeedsWithin(Duration.ofSeconds(20)).isNotNull();
      EventId id = EventId.parse("22482");
      assertThat(node.table.set(id, 0)).succeedsWithin(Duration.ofSeconds(20)).isEqualTo(true);
      assertThat(node.store.isSet(id)).isCompletedWithValue(true);
    }
  }

  @Test
  void aPortThatIsClosedHasNotFailed() throws IOException {
    PortFixture node = new PortFixture(Transport.AUTO);
    node.close();
    assertThat(node.port.failure().toCompletableFuture()).isNotDone();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aLoopThatHangsComesToNoFurtherTask(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      node.port.awaitTurn();
      CountDownLatch freed = new CountDownLatch(1);
      CountDownLatch hangs = new CountDownLatch(1);
      node.port.loops.getLast().io.events.execute(() -> hang(hangs, freed));
      hangs.await();
      FutureTask<Boolean> turn =
          new FutureTask<>(
              () -> {
                node.port.awaitTurn();
                return true;
              });
      Thread waits = Thread.ofPlatform().start(turn);
      await().until(() -> waits.getState() == Thread.State.WAITING);
      assertThat(turn).isNotDone();
      freed.countDown();
      assertThat(turn).succeedsWithin(Duration.ofSeconds(20));
    }
  }

  private static void hang(CountDownLatch hangs, CountDownLatch freed) {
    hangs.countDown();
    try {
      freed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void anAddressInUseIsAClearSentence() throws IOException {
    try (PortFixture node = new PortFixture(Transport.AUTO)) {
      Options same = Options.defaults().with(Options.LISTEN, List.of(node.address()));
      assertThatThrownBy(() -> Port.open(same, node.table))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("can't listen on ")
          .hasMessageContaining(":" + node.address().getPort())
          .hasMessageEndingWith("; choose another address with --listen HOST:PORT");
    }
  }
}
