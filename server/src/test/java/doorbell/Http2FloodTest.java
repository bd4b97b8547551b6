package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import doorbell.http.HttpLimits;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Floods over HTTP/2 end the one who sends them, and cost the node little until then. */
class Http2FloodTest {
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int PRIORITY = 2;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int CONTINUATION = 9;
  private static final int ACK = 1;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final String CANCEL = "\0\0\0\10";
  private static final String ENHANCE_YOUR_CALM = "\0\0\0\13";
  private static final String PING_FRAME = frame(PING, 0, 0, "12345678");

  /** The status 204 in the static table of RFC 7541. */
  private static final char NO_CONTENT = 0x89;

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  private record Frame(int type, int stream, String payload) {}

  /** Frames of control, each of which a client may send now and then. */
  enum Control {
    PINGS(PING_FRAME),
    ANSWERS_TO_NO_PING(frame(PING, ACK, 0, "12345678")),
    EMPTY_SETTINGS(frame(SETTINGS, 0, 0, "")),
    PRIORITIES(frame(PRIORITY, 0, 5, "\0\0\0\0\20")),
    WINDOWS(frame(WINDOW_UPDATE, 0, 0, "\0\0\0\1")),
    WINDOWS_OF_A_CLOSED_STREAM(frame(WINDOW_UPDATE, 0, 1, "\0\0\0\1")),
    RESETS_OF_A_CLOSED_STREAM(frame(RST_STREAM, 0, 1, CANCEL)),
    UNKNOWN_FRAMES(frame(0x55, 0, 0, "?"));

    final String frame;

    Control(String frame) {
      this.frame = frame;
    }
  }

  static Stream<Control> controls() {
    return Stream.of(Control.values());
  }

  @ParameterizedTest
  @MethodSource("controls")
  void aFloodOfFramesThatAskForNothingIsCutOffAfterItsWaitsWereAnswered(Control control) {
    open();
    client.send(get(1, "/1?timeout=0") + get(3, "/2"));
    for (int i = 0; i < 50; i++) {
      client.send(control.frame.repeat(1_000));
      node.runAll();
    }
    List<Frame> frames = frames();
    assertThat(frames)
        .anyMatch(frame -> frame.stream == 3 && frame.payload.charAt(0) == NO_CONTENT);
    assertThat(frames.getLast().type).isEqualTo(GOAWAY);
    assertThat(frames.getLast().payload.substring(4)).startsWith(ENHANCE_YOUR_CALM);
    isForgotten();
  }

  @ParameterizedTest
  @MethodSource("controls")
  void someFramesThatAskForNothingAreNoFlood(Control control) {
    open();
    client.send(get(1, "/1?timeout=0") + get(3, "/2"));
    for (int thousand = 0; thousand < (control == Control.EMPTY_SETTINGS ? 4 : 38); thousand++) {
      client.send(control.frame.repeat(1_000));
      node.runAll();
      assertThat(frames()).extracting(Frame::type).doesNotContain(GOAWAY);
    }
    assertThat(node.quota.taken()).isEqualTo(1);
  }

  @Test
  void eachRequestPaysForTheWindowsOfItsAnswer() {
    node.table.set(EventId.parse("1"), 0);
    open();
    String windows = frame(WINDOW_UPDATE, 0, 0, "\0\0\0\20");
    for (int i = 0, stream = 1; i < 15_000; i++, stream += 2) {
      client.send(get(stream, "/1") + windows + windows.replace("\0\20", "\0\1") + PING_FRAME);
      if (i % 100 == 0) {
        node.runAll();
        assertThat(frames()).extracting(Frame::type).doesNotContain(GOAWAY, RST_STREAM);
      }
    }
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void whoReadsNoAnswerToItsPingsOrSettingsIsCutOffSoon() {
    for (String question : List.of(PING_FRAME, frame(SETTINGS, 0, 0, ""))) {
      SimulatedNode.Client deaf = node.connect();
      deaf.send(PREFACE + frame(SETTINGS, 0, 0, ""));
      node.runAll();
      deaf.takeAnswers(false);
      for (int i = 0; i < 30; i++) {
        deaf.send(question.repeat(100));
        node.runAll();
      }
      assertThat(node.budget.taken()).isLessThan(120_000);
      assertThat(deaf.sendsFor(30)).isBetween(4, 6);
      assertThat(node.leaked()).isZero();
    }
  }

  @Test
  void whoReadsTheAnswersMayPingAsOften() {
    open();
    client.send(PING_FRAME.repeat(3_000));
    node.runAll();
    assertThat(frames()).hasSize(3_000).extracting(Frame::type).containsOnly(PING);
  }

  /** Frames that have the node reset a stream which was parked a moment ago: CVE-2025-8671. */
  static Stream<String> resets() {
    return Stream.of(
        frame(WINDOW_UPDATE, 0, 1, "\0\0\0\0"),
        frame(WINDOW_UPDATE, 0, 1, "\177\u00ff\u00ff\u00ff"),
        frame(DATA, 0, 1, "x"),
        frame(DATA, END_STREAM, 1, ""),
        get(1, "/2"),
        frame(PRIORITY, 0, 1, "SELF\20"),
        frame(PRIORITY, 0, 1, "\0\0\0\0"),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, "\0\1X\1y"));
  }

  @ParameterizedTest
  @MethodSource("resets")
  void aFloodOfResetsThatTheNodeIsMadeToSendIsCutOff(String reset) {
    open();
    client.send(get(3, "/1"));
    for (int i = 0, stream = 10_001; i < 5_000; i++, stream += 2) {
      client.send(get(stream, "/2") + of(reset, stream));
    }
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames)
        .anyMatch(frame -> frame.stream == 3 && frame.payload.charAt(0) == NO_CONTENT);
    assertThat(frames.getLast().type).isEqualTo(GOAWAY);
    assertThat(frames).filteredOn(frame -> frame.type == RST_STREAM).hasSizeLessThan(300);
    assertThat(node.quota.taken()).isZero();
    isForgotten();
  }

  @Test
  void streamsThatNeverBeginAreResetAsOftenAsAProxyCancels() {
    open();
    StringBuilder own = new StringBuilder();
    for (int stream = 10_001; stream < 40_001; stream += 2) {
      own.append(of(frame(PRIORITY, 0, 1, "SELF\20"), stream));
    }
    client.send(own.toString());
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames.getLast().payload.substring(4)).startsWith(ENHANCE_YOUR_CALM);
    assertThat(frames).hasSizeLessThan(HttpLimits.ALLOWANCE + 100);
    isForgotten();
  }

  @Test
  void aHeadInManyPiecesEndsTheConnection() {
    open();
    client.send(get(3, "/1") + frame(HEADERS, END_STREAM, 5, "\u0082\u0086"));
    client.send(frame(CONTINUATION, 0, 5, "").repeat(100));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).extracting(Frame::type).containsExactly(HEADERS, GOAWAY);
    isForgotten();
  }

  @Test
  void aHeadWithoutAnEndIsBounded() {
    open();
    client.send(frame(HEADERS, END_STREAM, 5, "\u0082\u0086"));
    for (int i = 0; i < 100; i++) {
      client.send(frame(CONTINUATION, 0, 5, "\0\1a\177\u0081\5" + "x".repeat(768)));
      node.runAll();
      assertThat(node.budget.taken()).isLessThan(300_000);
    }
    assertThat(frames()).extracting(Frame::type).contains(GOAWAY);
    isForgotten();
  }

  /** A byte for each field, which the table of compressed fields makes thousands of. */
  @Test
  void aBombOfCompressedFieldsIsRefused() {
    open();
    String field = "\100\1a\177\u00a1\36" + "x".repeat(4_000);
    client.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, "\u0082\u0086\4\2/1" + field));
    node.runAll();
    frames();
    int stream = 3;
    for (int i = 0; i < 600 && client.isOpen(); i++, stream += 2) {
      String bomb = "\u0082\u0086\4\2/1" + "\u00be".repeat(10_000);
      client.send(frame(HEADERS, END_STREAM | END_HEADERS, stream, bomb));
      node.runAll();
      assertThat(node.budget.taken()).isLessThan(500_000);
    }
    assertThat(node.quota.taken()).isLessThan(2);
    assertThat(frames()).extracting(Frame::type).contains(GOAWAY);
    isForgotten();
  }

  @Test
  void anAnswerThatGetsNoWindowIsDroppedAfterThirtySeconds() {
    node.table.set(EventId.parse("1"), 0);
    open();
    client.send(frame(SETTINGS, 0, 0, "\0\4\0\0\0\0"));
    node.runAll();
    frames();
    client.send(get(1, "/1") + get(3, "/2"));
    node.pass(29_000);
    assertThat(frames()).extracting(Frame::type).containsExactly(HEADERS);
    node.pass(2_000);
    assertThat(frames()).containsExactly(new Frame(RST_STREAM, 1, CANCEL));
    node.table.set(EventId.parse("2"), 0);
    node.runAll();
    client.send(frame(WINDOW_UPDATE, 0, 3, "\0\0\1\0"));
    node.runAll();
    assertThat(frames()).extracting(Frame::stream).containsOnly(3);
    assertThat(client.isOpen()).isTrue();
  }

  @Test
  void whoTakesAnAnswerByAndByGetsAllOfIt() {
    open();
    client.send(frame(SETTINGS, 0, 0, "\0\4\0\0\10\0") + get(1, "/doorbell.js"));
    node.runAll();
    frames();
    int came = 0;
    for (int i = 0; i < 4; i++) {
      node.pass(20_000);
      client.send(frame(WINDOW_UPDATE, 0, 1, "\0\0\10\0"));
      node.runAll();
      List<Frame> frames = frames();
      assertThat(frames).isNotEmpty().extracting(Frame::type).containsOnly(DATA);
      came += frames.stream().mapToInt(frame -> frame.payload.length()).sum();
    }
    assertThat(came).isEqualTo(4 * 2_048);
  }

  private void open() {
    client.send(PREFACE + frame(SETTINGS, 0, 0, ""));
    node.runAll();
    assertThat(frames()).extracting(Frame::type).contains(SETTINGS);
  }

  /** It ends, whatever the client does, and nothing is left of it. */
  private void isForgotten() {
    node.pass(2 * HttpLimits.LINGER_MILLIS + 200);
    assertThat(client.isOpen()).isFalse();
    assertThat(client.loop.io.deadlines.all()).isEmpty();
    frames();
    assertThat(node.leaked()).isZero();
  }

  /** A frame of stream 1 as one of another stream; SELF in it is the number of that stream. */
  private static String of(String frame, int stream) {
    StringBuilder one = new StringBuilder(frame);
    one.setCharAt(7, (char) (stream >> 8));
    one.setCharAt(8, (char) (stream & 0xff));
    String self = "\0\0" + (char) (stream >> 8) + (char) (stream & 0xff);
    return one.toString().replace("SELF", self);
  }

  /** The head of a GET: fields of the static table, and literals. */
  private static String get(int stream, String path) {
    String fields = "\u0082\u0086" + "\4" + (char) path.length() + path + "\1\1a";
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, fields);
  }

  private static String frame(int type, int flags, int stream, String payload) {
    int length = payload.length();
    return Stream.of(length >> 16, length >> 8, length, type, flags, 0, 0, stream >> 8, stream)
            .map(number -> "" + (char) (number & 0xff))
            .collect(Collectors.joining())
        + payload;
  }

  /** What has come. */
  private List<Frame> frames() {
    byte[] bytes = client.received().toString().getBytes(ISO_8859_1);
    client.received().setLength(0);
    List<Frame> frames = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      int[] head = new int[9];
      int from = at;
      IntStream.range(0, 9).forEach(i -> head[i] = bytes[from + i] & 0xff);
      int length = head[0] << 16 | head[1] << 8 | head[2];
      String payload = new String(bytes, at + 9, length, ISO_8859_1);
      frames.add(new Frame(head[3], head[7] << 8 | head[8], payload));
      at += 9 + length;
    }
    return frames;
  }
}
