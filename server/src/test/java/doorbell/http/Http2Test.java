package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One connection of HTTP/2, on a simulated node; its frames are written and read by hand. */
class Http2Test {
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int GOAWAY = 7;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final String CANCEL = "\0\0\0\10";
  private static final String NO_ERROR = "\0\0\0\0";

  /** The statuses 200 and 204 in the static table of RFC 7541. */
  private static final char OK = 0x88;

  private static final char NO_CONTENT = 0x89;

  private final SimulatedNode node = new SimulatedNode();
  private final SimulatedNode.Client client = node.connect();

  private record Frame(int type, int stream, String payload) {}

  @Test
  void aDrainAnswersEachStreamAndSaysGoAway() {
    open();
    client.send(get(1, "/1") + get(3, "/2"));
    assertThat(node.room.taken()).isEqualTo(2);
    Loop loop = node.loops.get(0);
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
  void aNewStreamOfANodeThatEndsIsAnswered204() {
    open();
    Loop loop = node.loops.get(0);
    node.threads.get(0).execute(() -> loop.drain(0, () -> {}));
    node.runAll();
    client.send(get(1, "/1"));
    node.runAll();
    List<Frame> frames = frames();
    assertThat(frames).extracting(Frame::type).containsExactlyInAnyOrder(HEADERS, GOAWAY);
    assertThat(frames).anyMatch(frame -> frame.payload.charAt(0) == NO_CONTENT);
  }

  @Test
  void aCancelledStreamLeavesNothingBehind() {
    open();
    client.send(get(1, "/1,2,3") + get(3, "/4"));
    isLeftBehind(2);
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
    assertThat(client.loop.deadlines.all()).isEmpty();
    assertThat(node.leaked()).isZero();
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

  private void open() {
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, ""));
    node.runAll();
    assertThat(frames()).extracting(Frame::type).contains(SETTINGS);
  }

  private void isLeftBehind(int waits) {
    assertThat(node.room.taken()).isEqualTo(waits);
    if (waits == 0) {
      assertThat(node.table.size()).isZero();
    }
  }

  /** The head of a GET: fields of the static table, and literals. */
  private static String get(int stream, String path) {
    String fields = "\u0082\u0086" + "\4" + (char) path.length() + path + "\1\1a";
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, fields);
  }

  private static String frame(int type, int flags, int stream, String payload) {
    char[] head = {
      0, 0, (char) payload.length(), (char) type, (char) flags, 0, 0, 0, (char) stream
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
      frames.add(new Frame(head[3], head[8] & 0xff, received.substring(9, end)));
      received.delete(0, end);
    }
    return frames;
  }
}
