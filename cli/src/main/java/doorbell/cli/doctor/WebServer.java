package doorbell.cli.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A web server before a node that says its name, and how it writes what cures a trouble. */
enum WebServer {
  NGINX("nginx", 0, "nginx|openresty|tengine", "<center>(nginx|openresty)"),
  APACHE("Apache", 1, "apache(/|$| )", "<address>Apache/"),
  HAPROXY(
      "HAProxy",
      2,
      "haproxy",
      "<h1>(504 Gateway Time-out</h1>\\s*The server didn't respond in time"
          + "|503 Service Unavailable</h1>\\s*No server is available"
          + "|502 Bad Gateway</h1>\\s*The server returned an invalid)"),
  CADDY("Caddy", 3, "caddy", "(?!)");

  /** What a web server may be set up wrong in. */
  enum Trouble {
    PATH(
        "Have it pass the path on to the node as it is.",
        "the block below; no longer `location` and no regular expression may take this path.",
        "the line below passes the path on as it is; it must come before others that take this"
            + " path.",
        "`use_backend doorbell if { path_beg /doorbell/ }` in `frontend`.",
        "the line below passes the path on as it is."),
    CUT(
        "Have it wait an hour for what the node says: the time limit for a silent node or tunnel.",
        "`proxy_read_timeout 1h;`",
        "`timeout=3600` behind ProxyPass.",
        "`timeout server 1h` and `timeout tunnel 1h` in `backend`.",
        "no `read_timeout` and no `response_header_timeout` in `transport http`."),
    BUFFERED(
        "Have it pass on each piece of an answer at once, without buffering.",
        "`proxy_buffering off;`",
        "`flushpackets=on` behind ProxyPass.",
        "no filter that collects answers, such as a Lua or SPOE one.",
        "`flush_interval -1` in `reverse_proxy`."),
    COMPRESSED(
        "Have it leave text/event-stream as it is, as `no-transform` asks.",
        "`gzip off;` here, or no text/event-stream in `gzip_types`.",
        "`SetEnv no-gzip 1` here, or no text/event-stream for DEFLATE.",
        "no text/event-stream in `compression type`.",
        "no text/event-stream in `encode`."),
    UPGRADE(
        "Have it speak HTTP/1.1 to the node, and pass on `Upgrade` and `Connection`.",
        "`proxy_http_version 1.1;`, `proxy_set_header Upgrade $http_upgrade;` and"
            + " `proxy_set_header Connection upgrade;`",
        "2.4.47 or later, with `upgrade=websocket` behind ProxyPass.",
        "no `http-request del-header Upgrade`.",
        "no `header_up -Upgrade`, and no `versions` in `transport http`."),
    CACHED(
        "Have it keep no answer of the node's, and leave `Cache-Control: no-store` as it is.",
        "`proxy_cache off;` here, and no `expires`.",
        "`CacheDisable` for this path, and no `Header set Cache-Control`.",
        "no `http-request cache-use` here.",
        "no `cache` and no `header Cache-Control` for this path."),
    CORS(
        "Take its own field away: the node's answers have the right one.",
        "no `add_header Access-Control-Allow-Origin` and no `add_header"
            + " Cross-Origin-Resource-Policy` here.",
        "no `Header add` or `Header set` of it for this path.",
        "no `http-response add-header` or `set-header` of it here.",
        "no `header` of it for this path."),
    NOSNIFF(
        "Take its own field away: the node's answers have it where it belongs.",
        "no `add_header X-Content-Type-Options` here; where this location has an `add_header` of"
            + " its own, none of those above counts in it.",
        "`Header unset X-Content-Type-Options` for this path.",
        "no `http-response set-header X-Content-Type-Options` here.",
        "no `header X-Content-Type-Options` for this path.");

    /** For a web server that is none of ours. */
    final String general;

    @SuppressWarnings("ImmutableEnumChecker") // Nobody changes it.
    private final String[] own;

    Trouble(String general, String... own) {
      this.general = general;
      this.own = own;
    }
  }

  private static final String PATH = "/doorbell/";

  final String title;

  /** Where its cure stands among those of a trouble. */
  private final int column;

  private final Pattern name;
  private final Pattern page;

  WebServer(String title, int column, String name, String page) {
    this.title = title;
    this.column = column;
    this.name = Pattern.compile(name);
    this.page = Pattern.compile(page);
  }

  /** The one that an answer shows, by {@code Server}, {@code Via} or an error page; or null. */
  static @Nullable WebServer of(Answer answer) {
    String says = answer.field("Server") + " " + answer.field("Via");
    for (WebServer one : values()) {
      if (one.name.matcher(says.toLowerCase(Locale.ROOT)).find()
          || (answer.status() >= 400 && one.page.matcher(answer.body()).find())) {
        return one;
      }
    }
    return null;
  }

  /** A cure as this server writes it; {@code path} begins and ends with a slash. */
  String cure(Trouble trouble, String path) {
    return title + ": " + trouble.own[column].replace(PATH, path);
  }

  /** What to paste, for a node at 127.0.0.1:8080; {@code path} begins and ends with a slash. */
  String block(String path) {
    String file = title.toLowerCase(Locale.ROOT) + ".conf";
    try (InputStream in = WebServer.class.getResourceAsStream(file)) {
      byte[] all = Objects.requireNonNull(in, file + " is missing").readAllBytes();
      return new String(all, StandardCharsets.UTF_8).replace(PATH, path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
