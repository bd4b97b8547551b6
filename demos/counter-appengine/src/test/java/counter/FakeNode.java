package counter;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** What stands in a node's place: gives the answers prepared, one a connection, then is silent. */
final class FakeNode implements AutoCloseable {
  final AtomicInteger requests = new AtomicInteger();
  private final Queue<String> answers;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

  FakeNode(String... answers) throws IOException {
    this.answers = new ConcurrentLinkedQueue<>(List.of(answers));
    Thread thread = new Thread(this::serve, "fake node");
    thread.setDaemon(true);
    thread.start();
  }

  static String answer(String status, String body) {
    return "HTTP/1.1 "
        + status
        + "\r\nContent-Length: "
        + body.length()
        + "\r\nConnection: close\r\nLocation: /elsewhere\r\n\r\n"
        + body;
  }

  String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }

  private void serve() {
    try {
      while (true) {
        Socket socket = server.accept();
        open.add(socket);
        answer(socket);
      }
    } catch (IOException closed) {
      return;
    }
  }

  private void answer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return;
      }
      head.append((char) octet);
    }
    requests.incrementAndGet();
    String answer = answers.poll();
    if (answer != null) {
      socket.getOutputStream().write(answer.getBytes(US_ASCII));
      socket.shutdownOutput();
    }
  }
}
