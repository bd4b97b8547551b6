package doorbell.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The port for who runs a node, on the JDK's own small server: {@code /metrics}, {@code /healthz},
 * {@code /readyz}, {@code /version} and the dashboard. It changes nothing, and it asks nobody who
 * they are, so it belongs on an address that only the operator reaches.
 */
public final class AdminPort implements AutoCloseable {
  private static final String TEXT = "text/plain; charset=utf-8";

  /** The usual type of Prometheus's text format. */
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

  private static final String OPEN_METRICS =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  /**
   * Bounds for strangers, as the JDK's server names them: connections, and seconds of a request.
   */
  private static final Map<String, String> BOUNDS =
      Map.of(
          "jdk.httpserver.maxConnections", "200",
          "sun.net.httpserver.maxReqTime", "10",
          "sun.net.httpserver.maxRspTime", "30");

  /** Files that this port may open: its clients, and what listens for them. */
  public static final int MOST_FILES = 210;

  /** A loop that is late by this time hangs, and its clients wait in vain. */
  private static final long HANGS_NANOS = 30_000_000_000L;

  private static final String[] PAGE_FIELDS = {
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        + " img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options",
    "nosniff",
    "Referrer-Policy",
    "no-referrer"
  };

  /** The files of the dashboard, and their types. */
  private static final Map<String, String> FILES =
      Map.of(
          "/", "text/html; charset=utf-8",
          "/dashboard.js", "text/javascript; charset=utf-8",
          "/metrics.js", "text/javascript; charset=utf-8",
          "/uplot.js", "text/javascript; charset=utf-8",
          "/uplot.css", "text/css; charset=utf-8",
          "/dashboard.css", "text/css; charset=utf-8");

  private static final String DASHBOARD = "/dashboard.html";

  private final Node node;
  private final Readiness readiness;
  private final NodeMetrics metrics;
  private final HttpServer server;
  private final ExecutorService workers;

  private record Answer(int status, String type, String body) {
    static Answer text(int status, String line) {
      return new Answer(status, TEXT, line + "\n");
    }
  }

  private AdminPort(Node node, HttpServer server) {
    this.node = node;
    this.server = server;
    this.readiness = new Readiness(node, System::nanoTime);
    this.metrics = new NodeMetrics(node, readiness);
    this.workers = Executors.newVirtualThreadPerTaskExecutor();
    server.setExecutor(workers);
    server.createContext("/", this::handle);
    server.start();
    readiness.start();
  }

  /**
   * Listens at {@code address}.
   *
   * @throws IOException if it can't
   */
  public static AdminPort open(InetSocketAddress address, Node node) throws IOException {
    BOUNDS.forEach(
        (name, bound) -> {
          if (System.getProperty(name) == null) {
            System.setProperty(name, bound);
          }
        });
    HttpServer server = HttpServer.create(address, 0);
    try {
      return new AdminPort(node, server);
    } catch (RuntimeException | Error e) {
      server.stop(0);
      throw e;
    }
  }

  /** The address that this port listens at, with the real port number. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      boolean head = method.equals("HEAD");
      if (!head && !method.equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, Answer.text(405, "this port takes GET and HEAD"), false);
        return;
      }
      send(exchange, answer(exchange), head);
    }
  }

  private Answer answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    return switch (path) {
      case "/metrics" -> metrics(exchange.getRequestHeaders().get("Accept"));
      case "/healthz" -> health();
      case "/readyz" -> state(readiness.fault(), "ready");
      case "/version" -> version();
      default -> file(path);
    };
  }

  private Answer metrics(@Nullable List<String> accept) {
    boolean open = accept != null && accept.toString().contains("application/openmetrics-text");
    String type = open ? OPEN_METRICS : PROMETHEUS;
    return new Answer(200, type, metrics.text(type));
  }

  private Answer health() {
    boolean hangs = node.loops().stream().anyMatch(loop -> loop.lag() > HANGS_NANOS);
    boolean goesOn = !hangs && !node.hasFailed().getAsBoolean();
    return state(goesOn ? null : "the node can't go on; start it again", "ok");
  }

  private static Answer state(@Nullable String fault, String well) {
    return fault == null ? Answer.text(200, well) : Answer.text(503, fault);
  }

  private Answer version() {
    Node.About about = node.about();
    String json =
        "{\"version\":\"%s\",\"java\":\"%s\",\"store\":\"%s\",\"transport\":\"%s\"}\n"
            .formatted(about.version(), Runtime.version(), about.store(), about.transport());
    return new Answer(200, "application/json", json);
  }

  private static Answer file(String path) throws IOException {
    String type = FILES.get(path);
    String name = path.equals("/") ? DASHBOARD : path;
    try (InputStream in =
        type == null ? null : AdminPort.class.getResourceAsStream(name.substring(1))) {
      return in == null
          ? Answer.text(
              404, "here are /metrics, /healthz, /readyz, /version and the dashboard at /")
          : new Answer(200, Objects.requireNonNull(type), new String(in.readAllBytes(), UTF_8));
    }
  }

  private static void send(HttpExchange exchange, Answer answer, boolean head) throws IOException {
    var fields = exchange.getResponseHeaders();
    fields.set("Content-Type", answer.type());
    fields.set("Cache-Control", "no-store");
    for (int i = 0; i < PAGE_FIELDS.length; i += 2) {
      fields.set(PAGE_FIELDS[i], PAGE_FIELDS[i + 1]);
    }
    byte[] body = answer.body().getBytes(UTF_8);
    if (head) {
      fields.set("Content-Length", Integer.toString(body.length));
    }
    exchange.sendResponseHeaders(answer.status(), head ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  /** Says from now on that the node should get no requests. */
  public void drain() {
    readiness.drain();
  }

  @Override
  public void close() {
    server.stop(0);
    workers.shutdownNow();
    readiness.close();
    metrics.close();
  }
}
