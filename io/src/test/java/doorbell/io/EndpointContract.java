package doorbell.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.io.proxy.ProxiedEndpoint;
import doorbell.limit.AddressLimits;
import doorbell.limit.ClientAddress;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each engine owes the protocol on an endpoint, and the client at its other end. */
abstract class EndpointContract {
  /** More than the buffers of both kernels hold. */
  private static final int MUCH = 16 << 20;

  private static final long AN_HOUR = 3_600_000;
  private static final String LONG_TEXT = text(MUCH);

  /** One loop with clients, real or played. */
  interface Engine {
    IoLoop loop();

    Client connect();

    /** Runs a deed on the loop's thread, and waits until it is done. */
    void onLoop(Runnable deed);

    /** Lets the loop work until {@code condition} holds, and fails if it never does. */
    void until(BooleanSupplier condition);

    /** Nothing happens on the loop's thread, which this is, while the client sends. */
    void standStill(long millis, Client client, String bytes);

    /** Closes all connections, as a node that ends does; true once the last one is closed. */
    BooleanSupplier closeAll();

    /** Faults that endpoints told the loop of. */
    int faults();

    /** Bytes that are counted for clients. */
    long counted();

    void end();
  }

  /** The other end of an endpoint. */
  interface Client {
    void send(String bytes);

    /** Sends no more, and goes on hearing. */
    void saysNoMore();

    void reset();

    /** Hears exactly so many bytes. */
    String hear(int bytes);

    /** Whether the end comes, with nothing before it. */
    boolean hearsTheEnd();
  }

  /** Begins with an engine whose endpoints speak what {@code protocols} makes. */
  abstract Engine engine(ProtocolFactory protocols);

  /** Keeps what it is told, and does what a test wants. */
  private final class Spoken extends Deadline implements Protocol {
    final Endpoint endpoint;
    private final StringBuilder heard = new StringBuilder();
    final List<String> told = new CopyOnWriteArrayList<>();
    final AtomicInteger readEnds = new AtomicInteger();
    volatile Runnable onBytes = () -> {};
    volatile Runnable onDeadline = () -> {};

    Spoken(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public Endpoint endpoint() {
      return endpoint;
    }

    @Override
    protected void onDeadline() {
      onDeadline.run();
    }

    @Override
    public void close() {
      endpoint.close();
    }

    @Override
    public void onOpen() {
      engine.loop().deadlines.set(this, AN_HOUR);
      told.add("open");
    }

    @Override
    public void onBytes(ByteBuf came) {
      synchronized (heard) {
        heard.append(came.toString(ISO_8859_1));
      }
      onBytes.run();
    }

    @Override
    public void onReadEnd() {
      readEnds.incrementAndGet();
    }

    @Override
    public void onEnd() {
      told.add("end");
    }

    @Override
    public void onWritable() {
      told.add("room");
    }

    @Override
    public void onClosed() {
      engine.loop().deadlines.cancel(this);
      told.add("closed");
    }

    String bytes() {
      synchronized (heard) {
        return heard.toString();
      }
    }

    void say(String text) {
      endpoint.write(Unpooled.directBuffer().writeBytes(text.getBytes(ISO_8859_1)));
      endpoint.flush();
    }
  }

  private final List<Spoken> all = new CopyOnWriteArrayList<>();
  private Engine engine;

  @BeforeEach
  void begin() {
    engine =
        engine(
            new ProtocolFactory() {
              @Override
              public Protocol first(Endpoint endpoint) {
                Spoken spoken = new Spoken(endpoint);
                all.add(spoken);
                return spoken;
              }

              @Override
              public Protocol refusal(Endpoint endpoint, String why) {
                return first(endpoint);
              }

              @Override
              public Protocol refusal(Endpoint endpoint, QuotaException why) {
                return first(endpoint);
              }
            });
  }

  @AfterEach
  void end() {
    engine.end();
    for (Spoken spoken : all) {
      assertThat(spoken.told).endsWith("closed").startsWith("open");
      assertThat(spoken.told).containsOnlyOnce("open", "closed");
    }
    assertThat(engine.counted()).isZero();
  }

  /** A client, and the protocol that speaks with it. */
  private record Pair(Client client, Spoken protocol) {}

  private Pair connect() {
    int before = all.size();
    Client client = engine.connect();
    engine.until(() -> all.size() > before && !all.get(before).told.isEmpty());
    return new Pair(client, all.get(before));
  }

  private static String text(int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; text.length() < length; i++) {
      text.append(i).append(' ');
    }
    text.setLength(length);
    return text.toString();
  }

  /** A proxy's connection is, at first, that of the proxy. */
  @Test
  void aConnectionIsCountedAtOneAddressUntilItIsClosed() throws Exception {
    AddressLimits limits = new AddressLimits(new AddressLimits.Most(1, 0, 0, 0, 0), 0);
    engine.onLoop(() -> engine.loop().limit(limits));
    Pair first = connect();
    Endpoint proxy = first.protocol.endpoint;
    byte[] address = {(byte) 192, 0, 2, 77};
    Endpoint client = new ProxiedEndpoint(proxy, InetAddress.getByAddress(address), 0);
    engine.onLoop(
        () -> {
          assertThat(proxy.countedAt()).isEqualTo(ClientAddress.of(proxy.client()));
          engine.loop().admit(proxy, client, first.protocol);
          assertThat(client.countedAt()).isEqualTo(ClientAddress.of(client.client()));
        });
    assertThat(limits.kept()).isEqualTo(1);
    Pair second = connect();
    engine.onLoop(() -> assertThat(second.protocol.endpoint.countedAt()).isNotNull());
    assertThat(limits.kept()).isEqualTo(2);
    first.client.reset();
    second.client.reset();
    engine.until(() -> limits.kept() == 0);
  }

  @Test
  void bytesComeInOrderHoweverTheyAreCut() {
    Pair pair = connect();
    String all = text(100_000);
    for (int from = 0, length = 1; from < all.length(); from += length, length = length * 2 + 1) {
      pair.client.send(all.substring(from, Math.min(all.length(), from + length)));
    }
    engine.until(() -> pair.protocol.bytes().length() == all.length());
    assertThat(pair.protocol.bytes()).isEqualTo(all);
    engine.until(() -> pair.protocol.readEnds.get() > 0);
  }

  @Test
  void anAnswerThatTheKernelTakesInPartsArrivesWhole() {
    Pair pair = connect();
    String answer = LONG_TEXT;
    engine.onLoop(() -> pair.protocol.say(answer));
    assertThat(pair.client.hear(MUCH)).isEqualTo(answer);
  }

  @Test
  void manyWritesAreOneStreamOfBytes() {
    Pair pair = connect();
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      String part = text(i * 10);
      all.append(part);
      engine.onLoop(() -> pair.protocol.say(part));
    }
    assertThat(pair.client.hear(all.length())).isEqualTo(all.toString());
  }

  @Test
  void whoSaysNoMoreIsStillAnswered() {
    Pair pair = connect();
    pair.client.send("last words");
    pair.client.saysNoMore();
    engine.until(() -> pair.protocol.told.contains("end"));
    assertThat(pair.protocol.bytes()).isEqualTo("last words");
    assertThat(pair.protocol.told).containsExactly("open", "end");
    engine.onLoop(() -> pair.protocol.say("an answer"));
    assertThat(pair.client.hear(9)).isEqualTo("an answer");
    engine.onLoop(pair.protocol.endpoint::close);
    assertThat(pair.client.hearsTheEnd()).isTrue();
  }

  @Test
  void theEndIsToldBehindAllBytes() {
    for (int size : new int[] {1, 8_191, 8_192, 8_193, 65_536}) {
      Pair pair = connect();
      pair.client.send(text(size));
      pair.client.saysNoMore();
      engine.until(() -> pair.protocol.told.contains("end"));
      assertThat(pair.protocol.bytes()).hasSize(size);
      engine.onLoop(pair.protocol.endpoint::cut);
    }
  }

  @Test
  void aResetClosesTheEndpointOnce() {
    Pair pair = connect();
    pair.client.reset();
    engine.until(() -> pair.protocol.told.contains("closed"));
    assertThat(pair.protocol.told).filteredOn("closed"::equals).hasSize(1);
  }

  @Test
  void aResetInTheMiddleOfASendClosesTheEndpoint() {
    Pair pair = connect();
    engine.onLoop(() -> pair.protocol.say(LONG_TEXT));
    pair.client.reset();
    engine.until(() -> pair.protocol.told.contains("closed"));
  }

  @Test
  void whoIsNotListenedToIsHeardLater() {
    Pair pair = connect();
    engine.onLoop(() -> pair.protocol.endpoint.listen(false));
    pair.client.send("wait");
    Pair other = connect();
    other.client.send("now");
    engine.until(() -> other.protocol.bytes().length() == 3);
    assertThat(pair.protocol.bytes()).isEmpty();
    engine.onLoop(() -> pair.protocol.endpoint.listen(true));
    engine.until(() -> pair.protocol.bytes().length() == 4);
  }

  @Test
  void whoStopsListeningInTheMiddleOfBytesMissesNone() {
    Pair pair = connect();
    pair.protocol.onBytes = () -> pair.protocol.endpoint.listen(false);
    String all = text(50_000);
    pair.client.send(all);
    engine.until(() -> pair.protocol.bytes().length() > 0);
    pair.protocol.onBytes = () -> {};
    engine.onLoop(() -> pair.protocol.endpoint.listen(true));
    engine.until(() -> pair.protocol.bytes().length() == all.length());
    assertThat(pair.protocol.bytes()).isEqualTo(all);
  }

  @Test
  void whatCameInTimeIsReadBeforeADeadlineWhoseLoopStoodStill() {
    Pair busy = connect();
    Pair other = connect();
    List<String> heard = new CopyOnWriteArrayList<>();
    other.protocol.onDeadline = () -> heard.add(other.protocol.bytes());
    busy.protocol.onBytes =
        () -> {
          engine.loop().deadlines.set(other.protocol, 1);
          engine.standStill(200, other.client, "in time");
        };
    busy.client.send("x");
    engine.until(() -> !heard.isEmpty());
    assertThat(heard).containsExactly("in time");
    engine.onLoop(() -> engine.loop().deadlines.set(other.protocol, AN_HOUR));
  }

  @Test
  void aSlowReaderIsToldOfAndThenOfRoom() {
    Pair pair = connect();
    boolean[] writable = {true};
    engine.onLoop(
        () -> {
          pair.protocol.say(LONG_TEXT);
          pair.protocol.say(text(2 * Endpoint.MAX_UNSENT));
          writable[0] = pair.protocol.endpoint.isWritable();
        });
    assertThat(writable[0]).isFalse();
    assertThat(pair.protocol.told).doesNotContain("room");
    assertThat(pair.client.hear(MUCH + 2 * Endpoint.MAX_UNSENT)).isNotEmpty();
    engine.until(() -> pair.protocol.told.contains("room"));
    engine.until(pair.protocol.endpoint::isSent);
  }

  @Test
  void closingSendsAllThatWasWrittenFirst() {
    Pair pair = connect();
    String answer = LONG_TEXT;
    engine.onLoop(
        () -> {
          pair.protocol.say(answer);
          pair.protocol.endpoint.close();
        });
    assertThat(pair.client.hear(MUCH)).isEqualTo(answer);
    assertThat(pair.client.hearsTheEnd()).isTrue();
    engine.until(() -> pair.protocol.told.contains("closed"));
  }

  @Test
  void finishingEndsOneSideBehindAllThatWasWritten() {
    Pair pair = connect();
    String answer = LONG_TEXT;
    engine.onLoop(
        () -> {
          pair.protocol.say(answer);
          pair.protocol.endpoint.finish();
        });
    assertThat(pair.client.hear(MUCH)).isEqualTo(answer);
    assertThat(pair.client.hearsTheEnd()).isTrue();
    pair.client.send("still here");
    engine.until(() -> pair.protocol.bytes().length() == 10);
    assertThat(pair.protocol.told).containsExactly("open");
  }

  @Test
  void cuttingInTheMiddleOfASendIsTheEnd() {
    Pair pair = connect();
    engine.onLoop(
        () -> {
          pair.protocol.say(LONG_TEXT);
          pair.protocol.endpoint.cut();
          pair.protocol.endpoint.cut();
          pair.protocol.say("nobody hears this");
        });
    engine.until(() -> pair.protocol.told.contains("closed"));
  }

  /** The kernel gives a new client the number that the last one had. */
  @Test
  void theNextClientHearsNothingOfTheOneBefore() {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Pair pair = connect();
      pair.client.send("hello " + i);
      engine.until(() -> pair.protocol.bytes().length() >= 7);
      boolean busy = i % 10 == 0;
      engine.onLoop(
          () -> {
            pair.protocol.say(busy ? LONG_TEXT : "x");
            pair.protocol.endpoint.cut();
          });
      pairs.add(pair);
    }
    engine.until(() -> pairs.stream().allMatch(pair -> pair.protocol.told.contains("closed")));
    for (int i = 0; i < pairs.size(); i++) {
      assertThat(pairs.get(i).protocol.bytes()).isEqualTo("hello " + i);
      assertThat(pairs.get(i).protocol.told).containsExactly("open", "closed");
    }
    Pair last = connect();
    engine.onLoop(() -> last.protocol.say("only this"));
    assertThat(last.client.hear(9)).isEqualTo("only this");
  }

  @Test
  void aFaultOfAProtocolCutsItsClientAlone() {
    Pair faulty = connect();
    Pair other = connect();
    faulty.protocol.onBytes =
        () -> {
          throw new StackOverflowError();
        };
    faulty.client.send("x");
    engine.until(() -> faulty.protocol.told.contains("closed"));
    assertThat(engine.faults()).isEqualTo(1);
    other.client.send("y");
    engine.until(() -> other.protocol.bytes().length() == 1);
    assertThat(other.protocol.told).containsExactly("open");
  }

  @Test
  void theLoopsEndClosesAllAndCountsThem() {
    Pair idle = connect();
    Pair busy = connect();
    engine.onLoop(() -> busy.protocol.say(LONG_TEXT));
    BooleanSupplier closed = engine.closeAll();
    assertThat(idle.client.hearsTheEnd()).isTrue();
    busy.client.hear(MUCH);
    engine.until(closed);
    assertThat(all).allMatch(spoken -> spoken.told.contains("closed"));
  }
}
