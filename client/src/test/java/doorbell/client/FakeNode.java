package doorbell.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A node, or an application, that says what it is told to. A request that finds no answer prepared
 * is held until {@link #release} or the client's hang-up.
 */
final class FakeNode implements AutoCloseable {
  record Request(String line, String head, String body) {}

  final List<Request> requests = new CopyOnWriteArrayList<>();
  final AtomicInteger hangUps = new AtomicInteger();
  private final Queue<String> answers = new ConcurrentLinkedQueue<>();
  private final Deque<Socket> held = new ConcurrentLinkedDeque<>();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ServerSocket server;
  private volatile String greeting = "";

  FakeNode(String... answers) {
    this(0, answers);
  }

  FakeNode(int port, String... answers) {
    this.answers.addAll(List.of(answers));
    try {
      server = new ServerSocket(port, 500, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::acceptAll);
  }

  /** Holds a port that nobody listens at: whoever connects is refused. */
  static Socket nobody() {
    try {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      return socket;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static URI uri(int port, String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  static String answer(int status, String body, String... headers) {
    List<String> lines = new ArrayList<>(List.of("HTTP/1.1 " + status + " Whatever"));
    lines.addAll(List.of(headers));
    if (status != 204) {
      lines.add("Content-Length: " + body.length());
    }
    return String.join("\r\n", lines) + "\r\n\r\n" + body;
  }

  static String wake(String id) {
    return answer(200, "{\"set\":[\"" + id + "\"]}\n", "Content-Type: application/json");
  }

  URI uri(String path) {
    return uri(server.getLocalPort(), path);
  }

  List<String> lines() {
    return requests.stream().map(r -> r.line().replace(" HTTP/1.1", "")).toList();
  }

  int held() {
    return held.size();
  }

  int open() {
    return open.size();
  }

  /** What clients are told before they say anything. */
  void greet(String words) {
    greeting = words;
  }

  void prepare(String answer) {
    answers.add(answer);
  }

  /** Answers the request that has been held for longest. */
  void release(String answer) {
    write(held.remove(), answer);
  }

  /** Says something to the request that has been held for longest, and goes on holding it. */
  void say(String part) {
    write(held.element(), part);
  }

  @Override
  public void close() {
    closeAll(server);
    open.forEach(FakeNode::closeAll);
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket socket = server.accept();
        open.add(socket);
        daemon(() -> serve(socket));
      }
    } catch (IOException e) {
      return; // closed
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      write(socket, greeting);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        String body = new String(in.readNBytes(length(head)), ISO_8859_1);
        String answer = answers.poll();
        if (answer == null) {
          held.add(socket);
        }
        requests.add(new Request(head.lines().findFirst().orElse(""), head, body));
        if (answer != null) {
          write(socket, answer);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      // a reset is a hang-up too
    } finally {
      hangUps.incrementAndGet();
      held.remove(socket);
      open.remove(socket);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return "";
      }
      head.append((char) octet);
    }
    return head.toString();
  }

  private static int length(String head) {
    return head.lines()
        .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
        .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
        .findFirst()
        .orElse(0);
  }

  private static void write(Socket socket, String answer) {
    try {
      socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void closeAll(AutoCloseable socket) {
    try {
      socket.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "fake node");
    thread.setDaemon(true);
    thread.start();
  }
}
