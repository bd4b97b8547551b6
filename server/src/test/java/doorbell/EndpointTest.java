package doorbell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.io.Transport;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetSocketAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an endpoint owes its connection when the other end is slow, rude or gone. */
class EndpointTest {
  private static final String SCRIPT = "GET /doorbell.js HTTP/1.1\nHost: a\n\n";

  private static final String ESTABLISHED = "01";

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void whoDoesntTakeAnswersIsNotReadFromAndMissesNone(Transport transport) throws Exception {
    int requests = 3_000;
    try (PortFixture node = new PortFixture(transport)) {
      Peer lazy = node.connect().say(SCRIPT.repeat(requests));
      lazy.say("GET /22482?timeout=0 HTTP/1.1\nHost: a\n\n");
      await().during(Duration.ofMillis(300)).until(() -> queues(node.address()).unread > 0);
      String script = lazy.hear().body();
      assertThat(script).contains("Doorbell");
      for (int i = 1; i < requests; i++) {
        assertThat(lazy.hear().body()).isEqualTo(script);
      }
      assertThat(lazy.hear().status()).isEqualTo(204);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whoSaysNoMoreStillGetsTheAnswer(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      for (int i = 0; i < 50; i++) {
        Peer brief = node.connect().say("POST /" + i + " HTTP/1.1\nHost: a\n\n" + SCRIPT);
        brief.saysNoMore();
        assertThat(brief.hear().status()).isEqualTo(201);
        assertThat(brief.hear().status()).isEqualTo(200);
        assertThat(brief.hearsTheEnd()).isTrue();
      }
    }
  }

  /** What stands behind a wait is answered by an end without a byte, and then by one with some. */
  @ParameterizedTest
  @MethodSource("transports")
  void anAnswerWithoutABodyIsFollowedByTheNext(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      String wait = "GET /22482 HTTP/1.1\nHost: a\n\n";
      String emptyStream = "HEAD /7 HTTP/1.1\nHost: a\nAccept: text/event-stream\n\n";
      String ask = "GET /8?timeout=0 HTTP/1.1\nHost: a\n\n";
      Peer waiter = node.connect().say(wait + emptyStream + ask);
      await().until(() -> node.port.parked() == 1);
      Peer setter = node.connect().say("POST /22482 HTTP/1.1\nHost: a\n\n");
      assertThat(setter.hear().status()).isEqualTo(201);
      assertThat(waiter.hear().status()).isEqualTo(200);
      assertThat(waiter.hear().field("Content-Type")).isEqualTo("text/event-stream");
      assertThat(waiter.hear().status()).isEqualTo(204);
    }
  }

  /** What stands behind a wait begins when its client is gone, and the loops don't know it yet. */
  @ParameterizedTest
  @MethodSource("transports")
  void whatBeginsAfterItsClientHasGoneTakesNoPlace(Transport transport) throws Exception {
    String wait = "GET /1 HTTP/1.1\nHost: a\n\n";
    String stream = "GET /2 HTTP/1.1\nHost: a\nAccept: text/event-stream\n\n";
    for (String behind : List.of(stream, "GET /2 HTTP/1.1\nHost: a\n\n")) {
      try (PortFixture node = new PortFixture(transport)) {
        List<Peer> crowd = new ArrayList<>();
        for (int i = 0; i < 4 * PortFixture.LOOPS; i++) {
          crowd.add(node.connect().say(wait + behind));
        }
        await().until(() -> node.port.parked() == crowd.size());
        CountDownLatch gone = new CountDownLatch(1);
        stopLoopsUntil(node, gone);
        node.table.set(EventId.parse("1"), 0);
        for (Peer peer : crowd) {
          peer.reset();
        }
        gone.countDown();
        await().until(() -> node.port.parked() == 0);
      }
    }
  }

  /** Has each loop flush the store, which takes until then. */
  private static void stopLoopsUntil(PortFixture node, CountDownLatch then) throws Exception {
    CountDownLatch stopped = new CountDownLatch(PortFixture.LOOPS);
    node.store.hold();
    node.store.onFlush =
        () -> {
          stopped.countDown();
          try {
            then.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        };
    List<Peer> setters = new ArrayList<>();
    for (int i = 0; i < PortFixture.LOOPS; i++) { // A loop that is stopped accepts nobody.
      setters.add(node.connect().say("GET /9?timeout=0 HTTP/1.1\nHost: a\n\n"));
      setters.getLast().hear();
    }
    for (Peer setter : setters) {
      setter.say("POST /10 HTTP/1.1\nHost: a\n\n");
    }
    assertThat(stopped.await(20, TimeUnit.SECONDS)).isTrue();
  }

  /** Its end is there to be read all the time, and would keep a loop busy that asked for it. */
  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void aLoopRestsWhileSomebodySaysNoMoreAndDoesntTakeAnswers(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      try (Peer lazy = new Peer(node.address(), 4_096)) {
        askUntilNoAnswerFits(lazy, node.address());
        lazy.saysNoMore();
        Duration watched = Duration.ofMillis(400);
        await().pollDelay(watched).until(() -> true);
        long before = cpuNanosOfLoops();
        await().pollDelay(watched).until(() -> true);
        assertThat(cpuNanosOfLoops() - before).isLessThan(watched.toNanos() / 10);
      }
    }
  }

  /** In the end, three requests in a row were read and their answers are not in the kernel. */
  private static void askUntilNoAnswerFits(Peer lazy, InetSocketAddress node) throws IOException {
    long before = 0;
    for (int same = 0; same < 3; ) {
      lazy.say(SCRIPT);
      Queues now = queues(node);
      while (now.unread > 0) {
        now = queues(node);
      }
      same = now.unsent > 0 && now.unsent == before ? same + 1 : 0;
      before = now.unsent;
    }
  }

  private static long cpuNanosOfLoops() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return Stream.of(threads.getThreadInfo(threads.getAllThreadIds()))
        .filter(thread -> thread != null && thread.getThreadName().startsWith("doorbell-loop"))
        .mapToLong(thread -> threads.getThreadCpuTime(thread.getThreadId()))
        .sum();
  }

  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void noFileStaysOpenWhoeverEndsTheConnection(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      node.connect().say(SCRIPT).hear();
      int before = openFiles().size();
      List<Peer> crowd = new ArrayList<>(node.crowd(800, "1"));
      for (int i = 0; i < 100; i++) {
        crowd.add(node.connect().say(SCRIPT.repeat(500)));
        Peer told = node.connect().say("HEAD /2 HTTP/1.1\nHost: a\nConnection: close\n\n");
        crowd.add(told);
        assertThat(told.hear().closes()).isTrue();
      }
      await().until(() -> node.port.parked() == 800);
      for (Peer peer : crowd) {
        peer.close();
      }
      await().untilAsserted(() -> assertThat(openFiles()).hasSizeLessThanOrEqualTo(before));
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  @EnabledOnOs(OS.LINUX)
  void aPortThatClosesLeavesNoFileOpenThoughSomebodyDoesntTakeAnswers(Transport transport)
      throws Exception {
    int before = openFiles().size();
    Options brisk = PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofMillis(200));
    try (PortFixture node = new PortFixture(brisk)) {
      node.connect().say(SCRIPT.repeat(3_000)).hear();
      node.end();
    }
    assertThat(openFiles()).hasSizeLessThanOrEqualTo(before);
  }

  /** Bytes that the kernel has of the node's clients. */
  private record Queues(long unsent, long unread) {}

  /** See proc(5), /proc/net/tcp; to read both files takes long. */
  private static Queues queues(InetSocketAddress node) throws IOException {
    String port = ":%04X".formatted(node.getPort());
    for (String file : List.of("/proc/net/tcp6", "/proc/net/tcp")) {
      for (String line : Files.readAllLines(Path.of(file))) {
        String[] fields = line.trim().split("\\s+", 6);
        if (fields[1].endsWith(port) && fields[3].equals(ESTABLISHED)) {
          String[] queues = fields[4].split(":", 2);
          return new Queues(Long.parseLong(queues[0], 16), Long.parseLong(queues[1], 16));
        }
      }
    }
    return new Queues(0, 0);
  }

  /** What the open files of this process are; {@code socket:[4711]} for a socket. */
  private static List<String> openFiles() throws IOException {
    List<String> open = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path file : files) {
        nameOf(file).ifPresent(open::add);
      }
    }
    return open;
  }

  /** Nothing where the file was closed meanwhile. */
  private static Optional<String> nameOf(Path file) throws IOException {
    try {
      return Optional.of(Files.readSymbolicLink(file).toString());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
