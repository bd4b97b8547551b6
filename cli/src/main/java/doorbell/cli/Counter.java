package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The demo's application: a shared counter, written as if nothing could be pushed. {@code GET
 * /count} answers {@code {"count":7,"doorbell":"…"}}, the count and the event that is set when the
 * count is no longer true; {@code POST /count} adds one. The application holds no connection
 * between two requests.
 */
final class Counter implements AutoCloseable {
  /**
   * The count, and the event that the next change sets: a single snapshot, so no change falls
   * between.
   */
  private record State(long count, EventId changed) {
    private State next() {
      return new State(count + 1, EventId.random());
    }

    private String json() {
      return "{\"count\":" + count + ",\"doorbell\":\"" + changed + "\"}\n";
    }
  }

  private final AtomicReference<State> state =
      new AtomicReference<>(new State(0, EventId.random()));
  private final HttpServer server;
  private final Doorbell doorbell;
  private final String page;

  private Counter(InetSocketAddress address, URI node) throws IOException {
    this.doorbell = Doorbell.at(node);
    this.page = resource("counter.html").replace("DOORBELL_URL", node.toString());
    this.server = HttpServer.create(address, 0);
  }

  static Counter start(InetSocketAddress address, URI node) throws IOException {
    Counter counter = new Counter(address, node);
    counter.server.createContext("/", counter::answer);
    counter.server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    counter.server.start();
    return counter;
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String asked = exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
    switch (asked) {
      case "GET /" -> send(exchange, 200, "text/html; charset=utf-8", page);
      case "GET /count" -> send(exchange, 200, "application/json", state().json());
      case "POST /count" -> send(exchange, 200, "application/json", addOne().json());
      default -> send(exchange, 404, "text/plain; charset=utf-8", "there is only / and /count\n");
    }
  }

  private State state() {
    return Objects.requireNonNull(state.get());
  }

  /** Changes the data first and sets the event second. */
  private State addOne() {
    State before = Objects.requireNonNull(state.getAndUpdate(State::next));
    doorbell.set(before.changed());
    return state();
  }

  private void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("Connection", "close");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Counter.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name + " is missing").readAllBytes(), UTF_8);
    }
  }
}
