package doorbell;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.io.Endpoint;
import doorbell.wait.Wakeups;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One WebSocket at a time, on a simulated node: its clock and its store do as the test says. */
class WebSocketConnectionTest {
  private static final EventId ID = EventId.parse("22482");
  private static final int MANY = 1_000;

  /** Waits that are woken before what the first of them is told is sent. */
  private static final int CROWD = Wakeups.WAKES_PER_PASS * Wakeups.PASSES_PER_SEND;

  /** The head of a frame of 16 MB, masked. */
  private static final String TOO_LONG = "\u0081\u00ff\0\0\0\0\1\0\0\0mask";

  /** A text of one byte so far, and one byte more of it: there is no end. */
  private static final String BEGUN = "\u0001\u0081mask5";

  private static final String GOES_ON = "\0\u0081mask5";

  private final SimulatedNode node = new SimulatedNode();
  private final SocketCaller socket = new SocketCaller(node.connect());

  @Test
  void whatComesWithTheRequestIsHeardToo() {
    SocketCaller eager = new SocketCaller(node.connect(), "wait 1", "set 1");
    node.runAll();
    assertThat(eager.hear()).containsExactly("set 1", "done 1");
  }

  @Test
  void aSetBetweenTheLookAndItsAnswerIsNotLost() {
    int[] moments = {0};
    node.stage.meanwhile =
        () -> {
          moments[0]++;
          if (moments[0] == 2) {
            node.stage.asAnotherThread(() -> node.table.set(ID, 0));
          }
        };
    socket.say("wait 22482");
    node.runAll();
    assertThat(socket.hear()).containsExactly("set 22482");
    assertThat(node.table.size()).isZero();
  }

  @Test
  void whatAConnectionIsToldWhileACrowdIsAnsweredIsSentTogether() {
    socket.say("wait 1 2");
    for (int i = 0; i < Wakeups.WAKES_PER_PASS; i++) {
      node.connect().send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    node.runAll();
    setAll(IntStream.of(1, 2));
    List<List<String>> heard = new ArrayList<>();
    while (node.threads.get(0).runOne()) {
      heard.add(socket.hear());
    }
    heard.removeIf(List::isEmpty);
    assertThat(heard).containsExactly(List.of("set 1", "set 2"));
  }

  @Test
  void whoIsToldFirstOfALongCrowdIsSentThatBeforeItsEnd() {
    SimulatedNode large = new SimulatedNode(new Random(1), 1, SimulatedNode.options(100_000, 0));
    List<SocketCaller> crowd = new ArrayList<>();
    for (int i = 1; i <= 2 * CROWD / MANY; i++) {
      SocketCaller caller = new SocketCaller(large.connect());
      IntStream.range(i * MANY, (i + 1) * MANY).forEach(id -> caller.say("wait " + id));
      crowd.add(caller);
    }
    large.runAll();
    large.stage.asAnotherThread(
        () ->
            IntStream.range(MANY, 2 * CROWD)
                .forEach(id -> large.table.set(EventId.parse("" + id), 0)));
    while (crowd.getFirst().hear().isEmpty()) {
      assertThat(large.threads.get(0).runOne()).isTrue();
    }
    assertThat(large.table.size()).isPositive();
    assertThat(crowd.getLast().hear()).isEmpty();
  }

  @Test
  void aBoundThatChangesWhileWaitsAreParkedIsHeeded() {
    SimulatedNode bounded = new SimulatedNode(new Random(1), 1, SimulatedNode.options(100, 2));
    SocketCaller caller = new SocketCaller(bounded.connect());
    caller.say("wait 1 2").say("wait 3");
    bounded.runAll();
    assertThat(caller.hear()).singleElement().asString().contains("at most 2 waits from one");
    bounded.limit(SimulatedNode.options(100, 0));
    caller.say("wait 3 4");
    bounded.runAll();
    assertThat(caller.hear()).isEmpty();
    assertThat(bounded.quota.taken()).isEqualTo(4);
    caller.say("forget 1 2 3 4");
    bounded.limit(SimulatedNode.options(100, 1));
    caller.say("wait 5 6");
    bounded.runAll();
    assertThat(caller.hear()).singleElement().asString().contains("at most 1 waits from one");
    caller.say("forget 5");
    bounded.runAll();
    assertThat(bounded.quota.taken()).isZero();
  }

  /**
   * Else the connection of who has just spoken is silent for nearly a minute, and a proxy cuts it.
   */
  @Test
  void whoWasHeardIsPingedThirtySecondsLaterAllTheSame() {
    node.pass(1_000);
    socket.say("wait 1");
    node.pass(HttpLimits.PING_MILLIS + 200);
    assertThat(socket.hear()).isEmpty();
    assertThat(socket.pings).isEqualTo(1);
  }

  /** A cut resets the connection, and a client that is still sending loses the reason then. */
  @Test
  void whoSendsTooMuchIsCutAfterItsSilenceOrThirtySeconds() {
    SocketCaller endless = new SocketCaller(node.connect());
    for (SocketCaller sender : List.of(socket, endless)) {
      sender.client.send(TOO_LONG);
      node.runAll();
      sender.hear();
      assertThat(sender.closed).isEqualTo(1009);
      assertThat(sender.client.isOpen()).as("the client waits for more").isFalse();
      assertThat(sender.client.endpoint.isGone()).isFalse();
    }
    socket.client.saysNoMore();
    assertThat(socket.client.endpoint.isGone()).isTrue();
    assertThat(endless.client.sendsFor(60)).isBetween(28, 32);
    SocketCaller silent = new SocketCaller(node.connect());
    silent.client.send(TOO_LONG);
    assertThat(silent.client.sendsFor(20)).isEqualTo(20);
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(silent.client.endpoint.isGone()).isTrue();
    assertThat(node.leaked()).isZero();
  }

  /** The reason is lost otherwise, as with a message that is too long. */
  @Test
  void whoIsTooSlowIsNotCutWhileTheRestOfItsMessageComes() {
    socket.client.send(BEGUN);
    node.pass(11_000);
    socket.hear();
    assertThat(socket.closed).isEqualTo(1008);
    for (int second = 1; second <= 20; second++) {
      socket.client.send(GOES_ON);
      node.pass(1_000);
      assertThat(socket.client.endpoint.isGone()).as("after %s s", second).isFalse();
    }
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(socket.client.endpoint.isGone()).isTrue();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void whoIsTooSlowAndSilentThenIsCutAfterFiveSeconds() {
    socket.client.send(BEGUN);
    node.pass(11_000);
    assertThat(socket.client.endpoint.isGone()).isFalse();
    node.pass(HttpLimits.LINGER_MILLIS);
    assertThat(socket.client.endpoint.isGone()).isTrue();
  }

  private void setAll(IntStream ids) {
    node.stage.asAnotherThread(() -> ids.forEach(id -> node.table.set(EventId.parse("" + id), 0)));
  }

  @Test
  void aSetIsDoneWhenTheStoreHasIt() {
    node.store.latePercent = 100;
    socket.say("wait 22482");
    node.store.answerAll();
    node.runAll();
    socket.say("set 22482");
    node.runAll();
    assertThat(socket.hear()).containsExactly("set 22482");
    node.store.answerAll();
    node.runAll();
    assertThat(socket.hear()).containsExactly("done 22482");
  }

  @Test
  void aLookThatFailsEndsTheWaitAndSaysSo() {
    node.store.failPercent = 100;
    socket.say("wait 22482").say("set 4711");
    node.runAll();
    String failed = ": " + SimulatedStore.FAILURE;
    assertThat(socket.hear()).containsExactly("error 22482" + failed, "error 4711" + failed);
    assertThat(node.quota.taken()).isZero();
    node.store.failPercent = 0;
    socket.say("wait 22482").say("set 22482");
    node.runAll();
    assertThat(socket.hear()).containsExactly("set 22482", "done 22482");
  }

  @Test
  void aWaitThatIsForgottenIsNotTold() {
    socket.say("wait 1 2 3").say("forget 2 5").say("set 2").say("set 3");
    node.runAll();
    assertThat(socket.hear()).containsExactly("done 2", "set 3", "done 3");
    assertThat(node.quota.taken()).isEqualTo(1);
  }

  @Test
  void aWaitForgottenInTheMomentOfItsSetIsNotTold() {
    socket.say("wait 22482");
    node.stage.meanwhile =
        () -> {
          node.stage.meanwhile = () -> {};
          node.stage.asAnotherThread(() -> node.table.set(ID, 0));
        };
    socket.sayAll(List.of("wait 1", "forget 22482", "forget 1"));
    node.runAll();
    assertThat(socket.hear()).isEmpty();
    assertThat(node.quota.taken()).isZero();
  }

  @Test
  void theSameTextIsOneWaitAndAnotherTextAnother() {
    socket.say("wait 7 7 007 00000000-0000-0000-0000-000000000007");
    assertThat(node.quota.taken()).isEqualTo(3);
    socket.say("set 7");
    node.runAll();
    assertThat(socket.hear())
        .containsExactlyInAnyOrder(
            "set 7", "set 007", "set 00000000-0000-0000-0000-000000000007", "done 7");
  }

  /** More than the kernel has in hand, and more than may stand behind that. */
  private List<String> setMoreThanThereIsRoomFor() {
    socket.client.takeAnswers(false);
    List<String> told = new ArrayList<>();
    for (int from = 0; from < 2 * MANY; from += MANY) {
      List<String> ids = IntStream.range(from, from + MANY).mapToObj("%064x"::formatted).toList();
      socket.say("wait " + String.join(" ", ids));
      node.stage.asAnotherThread(() -> ids.forEach(id -> node.table.set(EventId.parse(id), 0)));
      node.runAll();
      ids.forEach(id -> told.add("set " + id));
    }
    return told;
  }

  @Test
  void whoDoesNotReadIsToldLaterAndNothingIsMadeForHimMeanwhile() {
    List<String> told = setMoreThanThereIsRoomFor();
    assertThat(socket.client.endpoint.held()).isBetween(Endpoint.MAX_UNSENT, 66_000);
    socket.client.takeAnswers(true);
    node.runAll();
    assertThat(socket.hear()).containsExactlyElementsOf(told);
    socket.say("wait 1").say("set 1");
    node.runAll();
    assertThat(socket.hear()).containsExactly("set 1", "done 1");
  }

  @Test
  void whoNeverReadsIsCutOff() {
    setMoreThanThereIsRoomFor();
    node.pass(HttpLimits.PING_MILLIS - 10);
    assertThat(socket.client.isOpen()).isTrue();
    node.pass(200);
    assertThat(socket.client.isOpen()).isFalse();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void aSilentClientIsAskedAndThenCutOff() {
    socket.say("wait 22482");
    node.pass(HttpLimits.PING_MILLIS + 200);
    socket.hear();
    assertThat(socket.pings).isEqualTo(1);
    socket.pong();
    node.pass(HttpLimits.PING_MILLIS + 200);
    socket.hear();
    assertThat(socket.pings).isEqualTo(2);
    assertThat(socket.client.isOpen()).isTrue();
    node.pass(HttpLimits.PING_MILLIS);
    assertThat(socket.client.isOpen()).isFalse();
    assertThat(node.quota.taken()).isZero();
    assertThat(node.table.size()).isZero();
  }

  @Test
  void aNodeThatEndsClosesAndSaysComeAgain() {
    socket.say("wait 22482");
    int[] drained = {0};
    node.loops.get(0).drain(0, () -> drained[0]++);
    node.runAll();
    socket.hear();
    assertThat(socket.closed).isEqualTo(1001);
    assertThat(drained[0]).isEqualTo(1);
    assertThat(node.quota.taken()).isZero();
    socket.close();
    node.runAll();
    assertThat(socket.client.isOpen()).isFalse();
    SocketCaller late = new SocketCaller(node.connect());
    node.runAll();
    late.hear();
    assertThat(late.closed).isEqualTo(1001);
  }

  @Test
  void whoAsksWhenTheStoreIsClosedIsToldToComeAgain() {
    for (String line : List.of("wait 1", "set 2")) {
      SimulatedNode ending = new SimulatedNode();
      SocketCaller caller = new SocketCaller(ending.connect());
      ending.loops.get(0).beginDrain();
      ending.store.failPercent = 100;
      caller.say(line);
      ending.runAll();
      assertThat(caller.hear()).isEmpty();
      assertThat(caller.closed).isEqualTo(1001);
      assertThat(ending.quota.taken()).isZero();
    }
  }

  /** The store may take its time with one set, and refuses a later one at once. */
  @Test
  void whoSetBeforeTheStoreWasClosedHearsOfThatFirst() {
    node.store.latePercent = 100;
    socket.say("set 1");
    node.runAll();
    node.loops.get(0).beginDrain();
    node.store.latePercent = 0;
    node.store.failPercent = 100;
    socket.say("set 2").say("wait 3");
    node.runAll();
    node.store.failPercent = 0;
    node.store.answerAll();
    node.runAll();
    assertThat(socket.hear()).containsExactly("done 1");
    assertThat(socket.closed).isEqualTo(1001);
  }

  @Test
  void aCloseIsEchoedAndLeavesNothing() {
    socket.say("wait 1 2 3");
    socket.close();
    node.runAll();
    socket.hear();
    assertThat(socket.closed).isEqualTo(1000);
    assertThat(socket.client.isOpen()).isFalse();
    assertThat(node.table.size()).isZero();
    assertThat(node.loops.get(0).io.deadlines.all()).isEmpty();
  }

  @Test
  void whoRunsAheadOfTheStoreIsNotReadMeanwhile() {
    node.store.latePercent = 100;
    int sets = 2 * HttpLimits.SETS_IN_FLIGHT;
    socket.sayAll(IntStream.range(0, sets).mapToObj(i -> "set " + i).toList());
    node.runAll();
    assertThat(node.table.size()).isEqualTo(HttpLimits.SETS_IN_FLIGHT);
    List<String> heard = new ArrayList<>();
    while (node.store.answerOne()) {
      node.runAll();
      heard.addAll(socket.hear());
    }
    assertThat(heard).hasSize(sets).doesNotHaveDuplicates();
  }

  /** A seeded run of waits, sets and changes of mind, over both protocols, with a fickle store. */
  @Test
  void everyWaitIsToldOnceWhateverHappens() {
    for (int seed = 1; seed <= 200; seed++) {
      new Turmoil(seed).run();
    }
  }

  private static final class Turmoil {
    private static final int IDS = 12;
    private static final int STEPS = 150;

    private final int seed;
    private final Random random;
    private final SimulatedNode node;
    private final SocketCaller socket;
    private final SocketCaller setter;
    private final Set<String> waiting = new HashSet<>();
    private int depth;

    Turmoil(int seed) {
      this.seed = seed;
      random = new Random(seed);
      node = new SimulatedNode(random, 2, SimulatedNode.options(1_000, 0));
      socket = new SocketCaller(node.connect(0, 1));
      setter = new SocketCaller(node.connect(1, 2));
      node.store.latePercent = 50;
      node.store.failPercent = seed % 3 == 0 ? 20 : 0;
      node.stage.meanwhile = this::meanwhile;
    }

    void run() {
      for (int i = 0; i < STEPS; i++) {
        step(random.nextInt(5));
        hear();
      }
      node.stage.meanwhile = () -> {};
      do {
        node.runAll();
      } while (node.store.answerOne());
      hear();
      for (String id : waiting) {
        assertThat(node.store.has(EventId.parse(id))).as("seed %s, id %s", seed, id).isFalse();
      }
      assertThat(node.quota.taken()).as("seed %s", seed).isEqualTo(waiting.size());
      assertThat(node.table.size()).as("seed %s", seed).isEqualTo(waiting.size());
    }

    private void meanwhile() {
      if (depth == 0 && random.nextInt(5) == 0) {
        depth++;
        step(random.nextInt(5));
        depth--;
      }
    }

    private void step(int dice) {
      String id = Integer.toString(random.nextInt(IDS));
      if (dice == 0 && !node.threads.get(0).isBusy()) {
        hearAll();
        waiting.add(id);
        socket.say("wait " + id);
      } else if (dice == 1 && !node.threads.get(0).isBusy() && random.nextInt(4) == 0) {
        hearAll();
        waiting.remove(id);
        socket.say("forget " + id);
      } else if (dice == 2 && !node.threads.get(1).isBusy() && random.nextInt(6) == 0) {
        setter.say("set " + id);
      } else if (dice == 3) {
        node.store.answerOne();
      } else {
        int loop = random.nextInt(2);
        if (!node.threads.get(loop).isBusy()) {
          node.threads.get(loop).runOne();
        }
      }
    }

    /** What is on its way to a client may cross with what he says: so he hears it first. */
    private void hearAll() {
      boolean ran = true;
      while (ran) {
        ran = node.threads.get(0).runOne();
      }
      hear();
    }

    private void hear() {
      if (node.threads.get(0).isBusy()) {
        return;
      }
      for (String line : socket.hear()) {
        String id = line.replaceFirst("^(set|error) ", "").replaceFirst(":.*", "");
        assertThat(waiting.remove(id)).as("seed %s: %s", seed, line).isTrue();
      }
    }
  }
}
