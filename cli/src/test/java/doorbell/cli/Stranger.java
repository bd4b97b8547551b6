package doorbell.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A client that says what it likes and reads what it likes. It is not surprised to be cut off. */
final class Stranger implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 300;
  private static final int SMALL = 4_096;

  private final int patienceMillis;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private boolean cutOff;

  Stranger(URI url) throws IOException {
    this(url, PATIENCE_MILLIS);
  }

  /** One that gives up later, for what must be said in full on a machine that stalls. */
  Stranger(URI url, int patienceMillis) throws IOException {
    this.patienceMillis = patienceMillis;
    channel = SocketChannel.open();
    channel.setOption(StandardSocketOptions.SO_RCVBUF, SMALL);
    channel.connect(new InetSocketAddress(url.getHost(), url.getPort()));
    channel.configureBlocking(false);
    selector = Selector.open();
    key = channel.register(selector, 0);
  }

  /** One character is one byte. */
  Stranger say(String bytes) throws IOException {
    return say(bytes.getBytes(ISO_8859_1));
  }

  /** Says as much of it as the node takes, and gives up when it takes no more for a while. */
  Stranger say(byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    try {
      while (!cutOff && left.hasRemaining() && (channel.write(left) > 0 || isReady(true))) {
        // The condition does the work.
      }
    } catch (IOException e) {
      cutOff = true;
    }
    return this;
  }

  /** What has come by now, at most so many bytes; waits a little for the first of them. */
  String hear(int most) throws IOException {
    ByteBuffer heard = ByteBuffer.allocate(most);
    try {
      while (heard.hasRemaining() && (channel.read(heard) > 0 || heard.position() == 0)) {
        if (heard.position() == 0 && !isReady(false)) {
          break;
        }
      }
    } catch (IOException e) {
      cutOff = true;
    }
    return new String(heard.array(), 0, heard.position(), ISO_8859_1);
  }

  private boolean isReady(boolean toWrite) throws IOException {
    key.interestOps(toWrite ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    selector.selectedKeys().clear();
    return selector.select(patienceMillis) > 0;
  }

  Stranger openWebSocket() throws IOException {
    return say(
        """
        GET / HTTP/1.1
        Host: a
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==

        """
            .replace("\n", "\r\n"));
  }

  /** A frame's head for {@code length} bytes, and these, masked by zeros, so by nothing. */
  static String frame(int first, int length, String payload) {
    String size =
        length < 126
            ? "" + (char) (0x80 | length)
            : "\u00fe" + (char) (length >> 8) + (char) (length & 0xff);
    return (char) first + size + "\0\0\0\0" + payload;
  }

  static String text(String line) {
    return frame(0x81, line.length(), line);
  }

  /** Begins with HTTP/2, and with a window of so many bytes for each stream. */
  Stranger openHttp2(int window) throws IOException {
    String initialWindow = "\0\4" + four(window);
    return say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame2(4, 0, 0, initialWindow));
  }

  /** A frame of HTTP/2. */
  static String frame2(int type, int flags, int stream, String payload) {
    return four(payload.length()).substring(1)
        + (char) type
        + (char) flags
        + four(stream)
        + payload;
  }

  /** The head of a GET (or of a POST) of HTTP/2, whose body is still to come if it isn't last. */
  static String head2(int stream, boolean post, String path, boolean last) {
    int length = path.length();
    String size =
        length < 127
            ? "" + (char) length
            : "\u007f" + (char) ((length - 127) % 128 | 0x80) + (char) ((length - 127) / 128);
    String fields = (post ? "\u0083" : "\u0082") + "\u0086\4" + size + path + "\1\1a";
    return frame2(1, last ? 5 : 4, stream, fields);
  }

  private static String four(int number) {
    return ""
        + (char) (number >>> 24)
        + (char) (number >> 16 & 0xff)
        + (char) (number >> 8 & 0xff)
        + (char) (number & 0xff);
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
