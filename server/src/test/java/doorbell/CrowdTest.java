package doorbell;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import doorbell.event.EventId;
import doorbell.io.Transport;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many at one moment, on real sockets and real threads. */
class CrowdTest {
  private static final int ROUNDS = 10_000;

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  @ParameterizedTest
  @MethodSource("transports")
  void everyWaiterOfACrowdIsAnswered(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> crowd = node.crowd(2_000, "22482");
      await().until(() -> node.port.parked() == 2_000);
      assertThat(node.connect().say(set("22482")).hear().status()).isEqualTo(201);
      for (Peer peer : crowd) {
        assertThat(peer.hear().body()).isEqualTo("doorbell(22482);\n");
      }
      assertThat(node.table.size()).isZero();
      assertThat(node.port.parked()).isZero();
    }
  }

  /** Each who is woken sets what the next one on its loop waits for. */
  @ParameterizedTest
  @MethodSource("transports")
  void aWakeRunsThroughAChainOfClientsOfAnyLength(Transport transport) throws Exception {
    int length = 800 * PortFixture.LOOPS;
    try (PortFixture node = new PortFixture(transport)) {
      List<Peer> chain = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        chain.add(node.connect().say(wait(i) + set(Integer.toString(i + PortFixture.LOOPS))));
      }
      await().until(() -> node.port.parked() == length);
      for (int i = 0; i < PortFixture.LOOPS; i++) {
        assertThat(node.connect().say(set("" + i)).hear().status()).isEqualTo(201);
      }
      for (int i = 0; i < length; i++) {
        assertThat(chain.get(i).hear().body()).isEqualTo("doorbell(" + i + ");\n");
        assertThat(chain.get(i).hear().status()).isEqualTo(201);
      }
      for (int i = 0; i < 2 * PortFixture.LOOPS; i++) { // Each loop still serves.
        assertThat(node.connect().say(wait(length)).hear().status()).isEqualTo(200);
      }
    }
  }

  @Test
  void aThousandVariablesSetByManyThreadsAtOnceWakeAllTheirWaiters() throws Exception {
    try (PortFixture node = new PortFixture(Transport.AUTO);
        ExecutorService setters = Executors.newFixedThreadPool(8)) {
      List<Peer> waiters = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        waiters.addAll(node.crowd(1, Integer.toString(i)));
      }
      await().until(() -> node.port.parked() == 1_000);
      CyclicBarrier start = new CyclicBarrier(8);
      for (int setter = 0; setter < 8; setter++) {
        int first = setter;
        setters.execute(
            () -> {
              awaitAll(start);
              for (int i = first; i < 1_000; i += 8) {
                node.table.set(EventId.parse(Integer.toString(i)), 0);
              }
            });
      }
      for (int i = 0; i < 1_000; i++) {
        assertThat(waiters.get(i).hear().body()).isEqualTo("doorbell(" + i + ");\n");
      }
    }
  }

  /** Wait and set start at the same moment, on two threads, connections and loops. */
  @Test
  @Timeout(60)
  void noWaitIsLost() throws Exception {
    try (PortFixture node = new PortFixture(Transport.AUTO);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      node.store.takeMoments();
      CyclicBarrier start = new CyclicBarrier(2);
      InetSocketAddress address = node.address();
      Future<Integer> waits = threads.submit(() -> rounds(address, "GET", "HTTP/1.1 200", start));
      Future<Integer> sets = threads.submit(() -> rounds(address, "POST", "HTTP/1.1 201", start));
      assertThat(waits.get()).isEqualTo(ROUNDS);
      assertThat(sets.get()).isEqualTo(ROUNDS);
      assertThat(node.table.size()).isZero();
      assertThat(node.port.parked()).isZero();
    }
  }

  /** Asks for one id after the other; stops when an answer is another than it should be. */
  private static int rounds(
      InetSocketAddress address, String method, String right, CyclicBarrier start)
      throws IOException {
    Random random = new Random(method.length());
    byte[] request =
        (method + " /10000000 HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n")
            .getBytes(US_ASCII);
    byte[] expected = right.getBytes(US_ASCII);
    byte[] answer = new byte[1_024];
    try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(10_000);
      for (int round = 0; round < ROUNDS; round++) {
        awaitAll(start);
        for (int i = random.nextInt(3_000); i > 0; i--) {
          Thread.onSpinWait();
        }
        socket.getOutputStream().write(request);
        hear(socket, answer, method.equals("GET") ? (byte) '}' : (byte) '\r');
        if (!startsWith(answer, expected)) {
          return round;
        }
        countUp(request, method.length() + 9);
      }
    }
    return ROUNDS;
  }

  /** Reads one whole answer: its last line but the newline ends with {@code last}. */
  private static void hear(Socket socket, byte[] answer, byte last) throws IOException {
    int length = 0;
    while (length < 2 || answer[length - 1] != '\n' || answer[length - 2] != last) {
      int count = socket.getInputStream().read(answer, length, answer.length - length);
      if (count < 0) {
        throw new EOFException("no answer after " + new String(answer, 0, length, US_ASCII));
      }
      length += count;
    }
  }

  private static boolean startsWith(byte[] bytes, byte[] start) {
    for (int i = 0; i < start.length; i++) {
      if (bytes[i] != start[i]) {
        return false;
      }
    }
    return true;
  }

  /** Adds one to the decimal that ends at {@code last}. */
  private static void countUp(byte[] bytes, int last) {
    int i = last;
    while (bytes[i] == '9') {
      bytes[i] = '0';
      i--;
    }
    bytes[i]++;
  }

  private static void awaitAll(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("the others have stopped", e);
    }
  }

  private static String wait(int id) {
    return "GET /%d HTTP/1.1\nHost: a\n\n".formatted(id);
  }

  private static String set(String id) {
    return "POST /%s HTTP/1.1\nHost: a\n\n".formatted(id);
  }
}
