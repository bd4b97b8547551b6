package doorbell.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.http.HttpLimits;
import doorbell.websocket.WebSocketFrames.Broken;
import doorbell.websocket.WebSocketFrames.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client's bytes, and the messages that they are. */
class WebSocketFramesTest {
  private static final int FINAL = 0x80;
  private static final int BEGINS_TEXT = 0x01;
  private static final int GOES_ON = 0x00;
  private static final int TEXT = FINAL | BEGINS_TEXT;
  private static final int ENDS = FINAL | GOES_ON;
  private static final int PING = FINAL | WebSocketFrames.PING;

  private final WebSocketFrames frames = new WebSocketFrames();

  @AfterEach
  void release() {
    frames.release();
    assertThat(frames.held()).isZero();
  }

  private static byte[] frame(int first, String payload) {
    byte[] bytes = payload.getBytes(UTF_8);
    ByteBuf frame = Unpooled.buffer().writeByte(first);
    if (bytes.length < 126) {
      frame.writeByte(0x80 | bytes.length);
    } else {
      frame.writeByte(0x80 | 126).writeShort(bytes.length);
    }
    byte[] mask = {1, 2, 3, 4};
    frame.writeBytes(mask);
    for (int i = 0; i < bytes.length; i++) {
      frame.writeByte(bytes[i] ^ mask[i % 4]);
    }
    byte[] all = new byte[frame.readableBytes()];
    frame.readBytes(all);
    return all;
  }

  private static ByteBuf joined(byte[]... all) {
    return Unpooled.wrappedBuffer(all);
  }

  private List<String> messages(ByteBuf bytes) throws Broken {
    List<String> messages = new ArrayList<>();
    Frame frame = frames.next(bytes, ByteBufAllocator.DEFAULT);
    while (frame != null) {
      messages.add(frame.opcode() + " " + frame.text());
      frame = frames.next(bytes, ByteBufAllocator.DEFAULT);
    }
    return messages;
  }

  @Test
  void aFrameIsAMessage() throws Broken {
    String text = "wait 1 ".repeat(100);
    ByteBuf bytes = joined(frame(TEXT, "hi"), frame(TEXT, ""), frame(TEXT, text), frame(PING, "p"));
    assertThat(messages(bytes)).containsExactly("1 hi", "1 ", "1 " + text, "9 p");
    assertThat(frames.count()).isEqualTo(3);
  }

  @Test
  void partsAreJoinedAndAPingMayComeBetween() throws Broken {
    ByteBuf bytes =
        joined(frame(BEGINS_TEXT, "he"), frame(PING, "p"), frame(GOES_ON, "ll"), frame(ENDS, "o"));
    assertThat(messages(bytes)).containsExactly("9 p", "1 hello");
  }

  @Test
  void bytesMayComeOneByOne() throws Broken {
    ByteBuf bytes = Unpooled.buffer();
    List<String> messages = new ArrayList<>();
    for (byte[] part : List.of(frame(BEGINS_TEXT, "he"), frame(ENDS, "y"))) {
      for (byte next : part) {
        messages.addAll(messages(bytes.writeByte(next)));
      }
    }
    assertThat(messages).containsExactly("1 hey");
  }

  @ParameterizedTest
  @CsvSource({
    "8102, 1002",
    "C180, 1002",
    "828000000000, 1003",
    "89FE00800000000000, 1002",
    "098000000000, 1002",
    "808000000000, 1002",
    "018000000000 818000000000, 1002",
    "838000000000, 1002",
    "81FF000000000001000100000000, 1009"
  })
  void brokenFramesHaveACode(String hex, int code) {
    byte[] bytes = ByteBufUtil.decodeHexDump(hex.replace(" ", ""));
    assertThatThrownBy(() -> messages(Unpooled.wrappedBuffer(bytes)))
        .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code).isEqualTo(code));
  }

  @Test
  void aMessageIsUtf8() {
    byte[] bytes = {(byte) TEXT, (byte) 0x81, 0, 0, 0, 0, (byte) 0xff};
    assertThatThrownBy(() -> messages(Unpooled.wrappedBuffer(bytes)))
        .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code).isEqualTo(1007));
  }

  @Test
  void partsTogetherAreNoLongerThanAMessage() {
    String half = "x".repeat(HttpLimits.MESSAGE / 2 + 1);
    ByteBuf bytes = joined(frame(BEGINS_TEXT, half), frame(ENDS, half));
    assertThatThrownBy(() -> messages(bytes))
        .isInstanceOfSatisfying(Broken.class, e -> assertThat(e.code).isEqualTo(1009));
  }

  @ParameterizedTest
  @CsvSource({"'', 1000", "03E8, 1000", "0BB8, 3000", "03EC, -1", "03EE, -1", "1388, -1", "03, -1"})
  void aCloseFrameHasACodeThatThereIs(String hex, int code) throws Broken {
    byte[] payload = ByteBufUtil.decodeHexDump(hex);
    Frame close = new Frame(WebSocketFrames.CLOSE, true, Unpooled.wrappedBuffer(payload));
    if (code < 0) {
      assertThatThrownBy(close::closeCode).isInstanceOf(Broken.class);
    } else {
      assertThat(close.closeCode()).isEqualTo(code);
    }
  }

  @Test
  void whatTheNodeSaysIsNotMasked() {
    ByteBuf said = WebSocketFrames.text(ByteBufAllocator.DEFAULT, "set 7");
    assertThat(said.toString(ISO_8859_1)).isEqualTo("\u0081\u0005set 7");
    said.release();
    ByteBuf close = WebSocketFrames.close(ByteBufAllocator.DEFAULT, 1001, "bye");
    assertThat(close.toString(ISO_8859_1)).isEqualTo("\u0088\u0005\u0003\u00e9bye");
    close.release();
  }
}
