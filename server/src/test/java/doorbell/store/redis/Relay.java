package doorbell.store.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/** Stands between a node and its Redis, and may keep to itself what subscribers are told. */
final class Relay implements AutoCloseable {
  private static final int BYTES = 65_536;

  private final int redis;
  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Queue<Link> links = new ConcurrentLinkedQueue<>();

  Relay(int redis) throws IOException {
    this.redis = redis;
    Thread.ofVirtual().start(this::accept);
  }

  String url() {
    return "redis://127.0.0.1:" + listening.getLocalPort();
  }

  /** Subscribers so far hear nothing more, on connections that stay; later ones do. */
  void deafen() {
    links.forEach(link -> link.isMute.set(link.hears.get()));
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        links.add(new Link(listening.accept()));
      } catch (IOException e) {
        // Closed, or Redis is away.
      }
    }
  }

  /** A connection of a node, and the one to Redis behind it. */
  private final class Link {
    private final Socket node;
    private final Socket server;
    private final AtomicBoolean hears = new AtomicBoolean();
    private final AtomicBoolean isMute = new AtomicBoolean();

    Link(Socket node) throws IOException {
      this.node = node;
      this.server = new Socket(InetAddress.getLoopbackAddress(), redis);
      Thread.ofVirtual().start(() -> pass(node, server));
      Thread.ofVirtual().start(() -> pass(server, node));
    }

    private void pass(Socket from, Socket to) {
      byte[] bytes = new byte[BYTES];
      try (from;
          to) {
        for (int read = 0; read >= 0; read = from.getInputStream().read(bytes)) {
          String said = new String(bytes, 0, read, ISO_8859_1).toLowerCase(Locale.ROOT);
          if (from == node && said.contains("subscribe")) {
            hears.set(true);
          }
          if (from == node || !isMute.get()) {
            to.getOutputStream().write(bytes, 0, read);
          }
        }
      } catch (IOException e) {
        // Either end has gone, and so goes the other.
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
    for (Link link : links) {
      link.node.close();
      link.server.close();
    }
  }
}
