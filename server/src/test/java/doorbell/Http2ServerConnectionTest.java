package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import doorbell.wait.WaitLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One connection of HTTP/2, on a simulated node; its frames are written and read by hand. */
class Http2ServerConnectionTest {
  private static final int HEADERS = 1;
  private static final int DATA = 0;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final String CANCEL = "\0\0\0\10";
  private static final String NO_ERROR = "\0\0\0\0";
  private static final String REFUSED_STREAM = "\0\0\0\7";
  private static final String ENHANCE_YOUR_CALM = "\0\0\0\13";

  /** A wait for so many ids is dearer than one for one. */
  private static final String MANY = "/1" + ",1".repeat(50);

  /** The statuses 200 and 204 in the static table of RFC 7541. */
  private static final char OK = 0x88;

  private static final char NO_CONTENT = 0x89;

  private SimulatedNode node = new SimulatedNode();
  private SimulatedNode.Client client = node.connect();

  private record Frame(int type, int stream, String payload) {}

  @Test
  void aDrainAnswersEachStreamAndSaysGoAway() {
    open();
    client.send(get(1, "/1") + get(3, "/2"));
    assertThat(node.quota.taken()).isEqualTo(2);
    WaitLoop loop = node.loops.get(0);
    node.threads.get(0).execute(() -> loop.drain(0, () -> {}));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames.get(0)).isEqualTo(new Frame(GOAWAY, 0, "\0\0\0\3" + NO_ERROR));
    assertThat(frames.subList(1, 3)).extracting(Frame::stream).containsExactlyInAnyOrder(1, 3);
    assertThat(frames.subList(1, 3)).allMatch(frame -> frame.payload.charAt(0) == NO_CONTENT);
    isLeftBehind(0);
    node.close();
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void aConnectionBeyondTheLimitOfItsAddressAnswers429AndSaysGoAway() {
    node = new SimulatedNode(ConnectionLimitTest.options(1));
    SimulatedNode.Client first = node.connect();
    client = node.connect();
    open();
    client.send(get(1, "/1") + get(3, "/2"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames)
        .extracting(Frame::type)
        .containsExactly(HEADERS, HEADERS, DATA, DATA, GOAWAY);
    assertThat(frames.get(0).payload).contains("429");
    assertThat(frames.get(2).payload).contains("at most 1 connections from one address");
    assertThat(frames.get(4)).isEqualTo(new Frame(GOAWAY, 0, "\0\0\0\3" + NO_ERROR));
    assertThat(first.isOpen()).isTrue();
    node.pass(6_000);
    assertThat(client.isOpen()).isFalse();
    client = node.connect();
    open();
    node.pass(3_000);
    assertThat(frames()).extracting(Frame::type).containsExactly(GOAWAY);
    assertThat(client.isOpen()).isFalse();
    first.hangUp();
    node.runAll();
    assertThat(node.leaked()).isZero();
  }

  /** The library's own sentence shows what the node has in hand. */
  @Test
  void anErrorOfTheClientIsToldInASentenceOfTheNode() {
    for (String wrong : new String[] {frame(DATA, 0, 0, "x"), frame(RST_STREAM, 0, 1, "x")}) {
      client = node.connect();
      open();
      client.send(wrong);
      node.runAll();
      Frame last = frames().getLast();
      assertThat(last.type).isEqualTo(GOAWAY);
      assertThat(last.payload).endsWith("what came breaks a rule of HTTP/2");
    }
  }

  @Test
  void aNewStreamOfANodeThatEndsIsAnswered204() {
    open();
    WaitLoop loop = node.loops.get(0);
    node.threads.get(0).execute(() -> loop.drain(0, () -> {}));
    node.runAll();
    client.send(get(1, "/1"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).extracting(Frame::type).containsExactlyInAnyOrder(HEADERS, GOAWAY);
    assertThat(frames).anyMatch(frame -> frame.payload.charAt(0) == NO_CONTENT);
  }

  @Test
  void whoComesWhenTheStoreIsClosedIsToldToComeAgain() {
    open();
    node.threads.get(0).execute(node.loops.get(0)::beginDrain);
    node.runAll();
    node.store.failPercent = 100;
    client.send(get(1, "/1"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).extracting(Frame::type).containsExactly(GOAWAY, HEADERS);
    assertThat(frames.get(1).payload.charAt(0)).isEqualTo(NO_CONTENT);
  }

  @Test
  void aCancelledStreamLeavesNothingBehind() {
    open();
    client.send(get(1, "/1,2,3") + get(3, "/4"));
    isLeftBehind(4);
    client.send(frame(RST_STREAM, 0, 1, CANCEL));
    node.runAll();
    isLeftBehind(1);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("4"), 0));
    node.runAll();
    assertThat(frames().get(0))
        .matches(frame -> frame.stream == 3 && frame.payload.charAt(0) == OK);
    isLeftBehind(0);
  }

  @Test
  void aHangUpEndsAllStreams() {
    open();
    client.send(get(1, "/1") + get(3, "/1") + get(5, "/2"));
    isLeftBehind(3);
    client.hangUp();
    node.runAll();
    isLeftBehind(0);
    assertThat(client.loop.io.deadlines.all()).isEmpty();
    assertThat(node.leaked()).isZero();
  }

  @Test
  void aConnectionThatItsClientEndsIsForgottenAtOnce() {
    open();
    client.saysNoMore();
    node.runAll();
    assertThat(client.endpoint.isGone()).isTrue();
    assertThat(client.loop.io.deadlines.all()).isEmpty();
  }

  @Test
  void aConnectionWithoutStreamsIsClosedInOrderAfterItsIdleTime() {
    open();
    client.send(get(1, "/1?timeout=100"));
    node.pass(99_000);
    assertThat(client.isOpen()).isTrue();
    assertThat(frames()).isEmpty();
    node.pass(1_200);
    assertThat(frames()).extracting(Frame::type).containsExactly(HEADERS);
    node.pass(74_500);
    assertThat(client.isOpen()).isTrue();
    node.pass(3_000);
    assertThat(frames()).extracting(Frame::type).containsExactly(GOAWAY);
    assertThat(client.isOpen()).isFalse();
  }

  @Test
  void whatCameWhileTheLoopStoodStillIsNotLate() {
    client = node.connectAsync();
    open();
    client.sendWhileItStandsStill(80_000, get(1, "/1?timeout=0"));
    assertThat(frames()).extracting(Frame::type).containsExactly(HEADERS);
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void aCancelThatCrossesItsAnswerIsAnsweredByNothing() {
    node.table.set(EventId.parse("1"), 0);
    open();
    int crossings = 500;
    park(1, 500, "/2");
    StringBuilder crossing = new StringBuilder();
    for (int stream = 1_001; stream < 1_001 + 2 * crossings; stream += 2) {
      crossing.append(get(stream, "/1")).append(frame(RST_STREAM, 0, stream, CANCEL));
    }
    client.send(crossing.toString());
    node.runAll();
    assertThat(frames()).extracting(Frame::type).containsOnly(HEADERS);
    allAreWoken(500, "2");
  }

  @Test
  void aCancelOfAnAnswerThatWaitsForAWindowIsAnsweredByNothing() {
    open();
    client.send(frame(SETTINGS, 0, 0, "\0\4\0\0\0\0"));
    park(1, 500, "/1");
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse("1"), 0));
    node.runAll();
    assertThat(frames()).filteredOn(frame -> frame.type == HEADERS).hasSize(500);
    StringBuilder cancels = new StringBuilder();
    for (int stream = 1; stream < 1_000; stream += 2) {
      cancels.append(frame(RST_STREAM, 0, stream, CANCEL));
    }
    client.send(cancels.toString());
    node.runAll();
    assertThat(frames()).isEmpty();
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void streamsOverTheLimitAreEachRefusedAndTheOthersLive() {
    open();
    park(1, 1_000, "/1");
    park(2_001, 600, "/1");
    assertThat(frames())
        .hasSize(600)
        .allMatch(frame -> frame.type == RST_STREAM && frame.payload.equals(REFUSED_STREAM));
    allAreWoken(1_000, "1");
  }

  @Test
  void aBusyProxyMayCancelManyWaits() {
    open();
    park(1, 300, "/1");
    int stream = 601;
    for (int step = 0; step < 100; step++) {
      for (int i = 0; i < 50; i++, stream += 2) {
        client.send(get(stream, MANY));
        client.send(frame(RST_STREAM, 0, stream, CANCEL));
      }
      node.pass(200);
    }
    allAreWoken(300, "1");
  }

  @Test
  void allStreamsMayBeCancelledAtOnce() {
    open();
    park(1, 1_000, MANY);
    StringBuilder cancels = new StringBuilder();
    for (int stream = 1; stream < 2_000; stream += 2) {
      cancels.append(frame(RST_STREAM, 0, stream, CANCEL));
    }
    client.send(cancels.toString());
    isLeftBehind(0);
    park(2_001, 1, "/1");
    allAreWoken(1, "1");
  }

  @Test
  void aFloodOfCancelsIsCutOffAfterItsWaitsWereAnswered() {
    open();
    park(1, 100, "/1");
    floods(get(1, "/2"), frame(RST_STREAM, 0, 1, CANCEL), 10_000);
    isCutOff(100);
  }

  @Test
  void aFloodOfCancelledSetsIsCutOffSooner() {
    node.store.latePercent = 100;
    open();
    floods(post("/2"), frame(RST_STREAM, 0, 1, CANCEL), 2_000);
    node.store.answerAll();
    node.runAll();
    isCutOff(0);
  }

  @Test
  void aFloodOfStreamsThatBreakARuleIsCutOffSooner() {
    open();
    park(1, 100, "/1");
    floods(get(1, "/2"), frame(WINDOW_UPDATE, 0, 1, "\0\0\0\0"), 500);
    isCutOff(100);
  }

  @Test
  void aFloodOfEmptyDataOrSettingsIsCutOff() {
    for (String empty : new String[] {frame(DATA, 0, 1, ""), frame(SETTINGS, 0, 0, "")}) {
      SimulatedNode.Client flooding = node.connect();
      flooding.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, ""));
      flooding.send(frame(HEADERS, END_HEADERS, 1, "\u0083\u0086\4\2/3\1\1a"));
      flooding.send(empty.repeat(6_000));
      node.runAll();
      assertThat(flooding.received()).asString().contains(ENHANCE_YOUR_CALM);
    }
  }

  @Test
  void someEmptyDataIsNoFlood() {
    open();
    for (int stream = 1; stream < 20; stream += 2) {
      client.send(frame(HEADERS, END_HEADERS, stream, "\u0083\u0086\4\2/1\1\1a"));
      client.send(frame(DATA, 0, stream, ""));
    }
    for (int stream = 1; stream < 20; stream += 2) {
      client.send(frame(DATA, 0, stream, "") + frame(DATA, END_STREAM, stream, ""));
    }
    node.runAll();
    assertThat(frames()).hasSize(10).allMatch(frame -> frame.type == HEADERS);
  }

  @Test
  void aBrokenConnectionEndsAfterItsWaitsWereAnswered() {
    open();
    park(1, 3, "/1");
    client.send(frame(WINDOW_UPDATE, 0, 0, "\0\0\0\0"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).extracting(Frame::type).containsExactly(HEADERS, HEADERS, HEADERS, GOAWAY);
    assertThat(frames.subList(0, 3)).allMatch(frame -> frame.payload.charAt(0) == NO_CONTENT);
  }

  /** A cut resets the connection, and a client that is still sending loses the answers then. */
  @Test
  void whoSendsOnAfterAnErrorIsCutAfterItsSilenceOrThirtySeconds() {
    open();
    client.send(frame(WINDOW_UPDATE, 0, 0, "\0\0\0\0"));
    assertThat(client.sendsFor(60)).isBetween(28, 32);
    client = node.connect();
    open();
    client.send(frame(WINDOW_UPDATE, 0, 0, "\0\0\0\0"));
    assertThat(client.sendsFor(20)).isEqualTo(20);
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(client.endpoint.isGone()).isTrue();
    assertThat(node.leaked()).isZero();
  }

  /** As HAProxy sends it on for a client of HTTP/1.0, and asks for itself. */
  @Test
  void aRequestWithoutAHostIsServedAsOverHttp10() {
    open();
    String path = "\4\14/1?timeout=0";
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, "\u0082\u0086" + path));
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 3, "\u0083\u0086\4\2/1"));
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 5, "\2\7OPTIONS\u0086\4\1/"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).hasSize(3).allMatch(frame -> frame.type == HEADERS);
    assertThat(frames.get(0).payload.charAt(0)).isEqualTo(NO_CONTENT);
    assertThat(frames.get(1).payload).contains("201");
    assertThat(frames.get(2).payload.charAt(0)).isEqualTo(NO_CONTENT);
  }

  @Test
  void aHostBesideTheAuthorityIsTheSameOrRefused() {
    open();
    String get = "\u0082\u0086\4\14/1?timeout=0\1\1a";
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, get + "\0\4host\1A"));
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 3, get + "\0\4host\1b"));
    node.runAll();
    assertThat(frames())
        .filteredOn(frame -> frame.type == HEADERS && frame.payload.charAt(0) == NO_CONTENT)
        .extracting(frame -> frame.stream)
        .as("%s", frames())
        .containsExactly(1);
  }

  @Test
  void noCommentIsMadeForAStreamOfEventsWithoutAWindow() {
    open();
    client.send(frame(SETTINGS, 0, 0, "\0\4\0\0\0\0"));
    String events = "\u0082\u0086\4\2/1\1\1a\17\4\21text/event-stream";
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, events));
    node.pass(600_000);
    assertThat(frames()).filteredOn(frame -> frame.type != SETTINGS).hasSize(1);
    client.send(frame(SETTINGS, 0, 0, "\0\4\0\0\1\0"));
    node.runAll();
    assertThat(frames()).contains(new Frame(DATA, 1, ":\n\n"));
    node.pass(16_000);
    assertThat(frames()).containsExactly(new Frame(DATA, 1, ":\n\n"));
  }

  /** Streams of one connection of a proxy, each with a client of its own. */
  @Test
  void aStreamIsCountedByTheClientThatItsProxyNames() {
    node =
        new SimulatedNode(
            new Random(1),
            1,
            SimulatedNode.options(100, 1)
                .with(
                    ProxyOptions.TRUSTED_PROXIES, ProxyOptions.TRUSTED_PROXIES.parse("192.0.2.1")));
    client = node.connect();
    open();
    client.send(get(1, "203.0.113.9, 198.51.100.1", "/1") + get(3, "198.51.100.2", "/2"));
    node.runAll();
    isLeftBehind(2);
    client.send(get(5, "198.51.100.3, 198.51.100.1", "/3") + get(7, "198.51.100.2", "/4"));
    node.runAll();
    List<Frame> heads = frames();
    heads.removeIf(frame -> frame.type != HEADERS);
    assertThat(heads).extracting(Frame::stream).containsExactly(5, 7);
    assertThat(heads.getFirst().payload).contains("429");
    isLeftBehind(2);
  }

  /** Begins {@code count} streams, from the number {@code first} on. */
  private void park(int first, int count, String path) {
    StringBuilder gets = new StringBuilder();
    for (int stream = first; stream < first + 2 * count; stream += 2) {
      gets.append(get(stream, path));
    }
    client.send(gets.toString());
    node.runAll();
  }

  /** Sends two frames, over and over, for streams that follow on each other. */
  private void floods(String begin, String end, int times) {
    StringBuilder flood = new StringBuilder();
    for (int i = 0, stream = 10_001; i < times; i++, stream += 2) {
      for (String frame : new String[] {begin, end}) {
        StringBuilder one = new StringBuilder(frame);
        one.setCharAt(7, (char) (stream >> 8));
        one.setCharAt(8, (char) (stream & 0xff));
        flood.append(one);
      }
    }
    client.send(flood.toString());
    node.runAll();
  }

  private void isCutOff(int waits) {
    List<Frame> frames = frames();
    frames.removeIf(frame -> frame.stream > 10_000);
    assertThat(frames).hasSize(waits + 1);
    assertThat(frames.subList(0, waits))
        .allMatch(frame -> frame.type == HEADERS && frame.payload.charAt(0) == NO_CONTENT);
    assertThat(frames.get(waits).type).isEqualTo(GOAWAY);
    assertThat(frames.get(waits).payload.substring(4)).startsWith(ENHANCE_YOUR_CALM);
    isLeftBehind(0);
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(frames()).isEmpty();
    assertThat(client.isOpen()).isFalse();
    assertThat(node.leaked()).isZero();
  }

  private void allAreWoken(int waits, String id) {
    isLeftBehind(waits);
    node.stage.asAnotherThread(() -> node.table.set(EventId.parse(id), 0));
    node.runAll();
    assertThat(frames())
        .filteredOn(frame -> frame.type == HEADERS && frame.payload.charAt(0) == OK)
        .hasSize(waits);
    isLeftBehind(0);
    assertThat(client.isOpen()).isTrue();
  }

  private void open() {
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, ""));
    node.runAll();
    assertThat(frames()).extracting(Frame::type).contains(SETTINGS);
  }

  private void isLeftBehind(int waits) {
    assertThat(node.quota.taken()).isEqualTo(waits);
    if (waits == 0) {
      assertThat(node.table.size()).isZero();
    }
  }

  /** The head of a GET: fields of the static table, and literals. */
  private static String get(int stream, String path) {
    String fields = "\u0082\u0086" + "\4" + (char) path.length() + path + "\1\1a";
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, fields);
  }

  private static String get(int stream, String forwardedFor, String path) {
    String name = "x-forwarded-for";
    String field = "\0" + (char) name.length() + name;
    String fields = "\u0082\u0086" + "\4" + (char) path.length() + path + "\1\1a" + field;
    return frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        stream,
        fields + (char) forwardedFor.length() + forwardedFor);
  }

  private static String post(String path) {
    String fields = "\u0083\u0086" + "\4" + (char) path.length() + path + "\1\1a";
    return frame(HEADERS, END_STREAM | END_HEADERS, 1, fields);
  }

  private static String frame(int type, int flags, int stream, String payload) {
    char[] head = {
      0,
      0,
      (char) payload.length(),
      (char) type,
      (char) flags,
      0,
      0,
      (char) (stream >> 8),
      (char) (stream & 0xff)
    };
    return new String(head) + payload;
  }

  /** What has come. */
  private List<Frame> frames() {
    StringBuilder received = client.received();
    List<Frame> frames = new ArrayList<>();
    while (!received.isEmpty()) {
      byte[] head = received.substring(0, 9).getBytes(ISO_8859_1);
      int end = 9 + (head[1] & 0xff) * 256 + (head[2] & 0xff);
      int stream = (head[7] & 0xff) * 256 + (head[8] & 0xff);
      frames.add(new Frame(head[3], stream, received.substring(9, end)));
      received.delete(0, end);
    }
    return frames;
  }
}
