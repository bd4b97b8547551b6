package doorbell;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** A client on a real socket, which says what bytes it is told to. */
final class Peer implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 20_000;
  private static final int ROOM = 1 << 16;

  private final Socket socket = new Socket();
  private final StringBuilder received = new StringBuilder();
  private final byte[] buffer = new byte[8_192];

  Peer(InetSocketAddress address) throws IOException {
    this(address, ROOM);
  }

  /** One whose kernel takes about so many bytes before they are read. */
  Peer(InetSocketAddress address, int room) throws IOException {
    socket.setReceiveBufferSize(room);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.connect(address, TIMEOUT_MILLIS);
  }

  /** Sends the lines of a text block, each ended as HTTP has it. */
  Peer say(String lines) throws IOException {
    return send(lines.replace("\n", "\r\n").getBytes(US_ASCII));
  }

  Peer send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  /** Ends its sending side. */
  void saysNoMore() throws IOException {
    socket.shutdownOutput();
  }

  int port() {
    return socket.getLocalPort();
  }

  /** Is gone at once: what comes for it is answered by a reset. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** The next answer; waits for it. */
  Answer hear() throws IOException {
    @Nullable Answer answer = Answer.take(received, false);
    while (answer == null) {
      if (!receive()) {
        throw new IOException("the connection ended after '" + received + "'");
      }
      answer = Answer.take(received, false);
    }
    return answer;
  }

  /** Waits for the end of the connection; false if bytes come first. */
  boolean hearsTheEnd() throws IOException {
    return received.isEmpty() && !receive();
  }

  private boolean receive() throws IOException {
    int count = socket.getInputStream().read(buffer);
    received.append(new String(buffer, 0, Math.max(0, count), US_ASCII));
    return count >= 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
