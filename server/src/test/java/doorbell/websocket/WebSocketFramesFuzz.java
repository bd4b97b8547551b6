package doorbell.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.fuzz.Pieces;
import doorbell.http.HttpLimits;
import doorbell.websocket.WebSocketFrames.Broken;
import doorbell.websocket.WebSocketFrames.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A client's frames are the same messages however they are cut, and written again they are too. */
public final class WebSocketFramesFuzz {
  private static final ByteBufAllocator HEAP = new UnpooledByteBufAllocator(false);
  private static final int MASK = 0x1C2D3E4F;

  private final WebSocketFrames frames = new WebSocketFrames();
  private final List<String> said = new ArrayList<>();
  private final ByteBuf again = Unpooled.buffer();
  private @Nullable ByteBuf unread;

  private WebSocketFramesFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    List<String> whole = null;
    for (List<byte[]> pieces : Pieces.of(data)) {
      WebSocketFramesFuzz client = new WebSocketFramesFuzz();
      List<String> said = client.read(pieces);
      whole = whole == null ? said : whole;
      assertThat(said).isEqualTo(whole);
      byte[] written = new byte[client.again.readableBytes()];
      client.again.readBytes(written);
      List<String> sound = said.stream().filter(one -> !one.startsWith("broken")).toList();
      assertThat(new WebSocketFramesFuzz().read(List.of(written))).isEqualTo(sound);
    }
  }

  private List<String> read(List<byte[]> pieces) {
    try {
      for (byte[] piece : pieces) {
        read(piece);
      }
    } catch (Broken e) {
      assertThat(e.code).isIn(1002, 1003, 1007, 1009);
      assertThat(e.getMessage()).isNotBlank();
      said.add("broken " + e.code);
    }
    frames.release();
    assertThat(frames.held()).isZero();
    return said;
  }

  /** As a connection does. */
  private void read(byte[] piece) throws Broken {
    ByteBuf kept = unread;
    ByteBuf all = kept == null ? Unpooled.copiedBuffer(piece) : kept.writeBytes(piece);
    Frame frame = frames.next(all, HEAP);
    while (frame != null) {
      take(frame);
      frame = frames.next(all, HEAP);
    }
    unread = WebSocketFrames.rest(all, kept, HEAP);
    int left = unread == null ? 0 : unread.readableBytes();
    assertThat(left).isLessThan(HttpLimits.MESSAGE + 14);
    assertThat(frames.held()).isLessThanOrEqualTo(2 * HttpLimits.MESSAGE);
  }

  private void take(Frame frame) throws Broken {
    String payload = frame.payload().toString(ISO_8859_1);
    write(frame);
    int length = again.writerIndex();
    try {
      String text = frame.opcode() == WebSocketFrames.TEXT ? frame.text() : payload;
      int code = frame.opcode() == WebSocketFrames.CLOSE ? frame.closeCode() : 0;
      said.add(frame.opcode() + " " + code + " " + text);
    } catch (Broken e) {
      again.writerIndex(length - frameLength(payload.length()));
      throw e;
    }
  }

  private static int frameLength(int payload) {
    return 2 + Integer.BYTES + (payload < 126 ? 0 : payload < 1 << 16 ? 2 : 8) + payload;
  }

  private void write(Frame frame) {
    ByteBuf payload = frame.payload();
    int length = payload.readableBytes();
    again.writeByte(0x80 | frame.opcode());
    if (length < 126) {
      again.writeByte(0x80 | length);
    } else if (length < 1 << 16) {
      again.writeByte(0x80 | 126).writeShort(length);
    } else {
      again.writeByte(0x80 | 127).writeLong(length);
    }
    again.writeInt(MASK);
    for (int i = 0; i < length; i++) {
      again.writeByte(payload.getByte(payload.readerIndex() + i) ^ (MASK >>> (24 - 8 * (i % 4))));
    }
  }
}
