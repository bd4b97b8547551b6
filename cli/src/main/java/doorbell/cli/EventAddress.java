package doorbell.cli;

import doorbell.Option;
import doorbell.OptionType;
import doorbell.cli.options.Arguments;
import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.io.IOException;
import java.net.IDN;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An event and the node to ask, as a command line names both. Each address has its own HttpClient
 * to close: a JVM that exits would wait 0.3 s for the thread of an open client.
 */
final class EventAddress implements AutoCloseable {
  static final Option<String> EVENT =
      Option.of("event", OptionType.text("URL|ID"), "The event: http://HOST:PORT/ID, or its id.");

  static final Option<String> NODE =
      Option.of(
              "node",
              OptionType.text("URL"),
              "The node of a bare id; with commas several that share a store, of which one that"
                  + " answers is asked.")
          .or("http://127.0.0.1:8080");

  private static final Pattern NO_EVENT = Pattern.compile("(?i)https?://[^/]*/?");
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /** The patience of a set from a script: long enough for a node to restart. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final String event;
  private final String node;
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT).build();

  EventAddress(Arguments given) {
    event = given.get(EVENT);
    node = given.get(NODE);
  }

  /**
   * @throws IllegalArgumentException if the word is no event's name, with a sentence
   */
  EventId id() {
    if (NO_EVENT.matcher(event).matches()) {
      throw new IllegalArgumentException(
          event + " is a node; write the id of an event behind it, like http://HOST:PORT/22482");
    }
    return EventId.of(event.substring(event.lastIndexOf('/') + 1));
  }

  /**
   * The client for the node, or for several, of which one that takes a connection comes first.
   *
   * @throws IllegalStateException if nobody listens there, with a sentence
   */
  Doorbell client() {
    return Doorbell.at(inOrder(nodes(), CONNECT), http).withPatience(PATIENCE);
  }

  /**
   * These nodes, from the first one on that takes a connection. Tries connections, since the client
   * alone would go on trying for long.
   *
   * @param limit for all connections together: each has an equal part of what is left
   * @throws IllegalStateException if nobody listens there, with a sentence
   */
  static List<URI> inOrder(List<URI> given, Duration limit) {
    List<URI> nodes = new ArrayList<>(given);
    List<String> reasons = new ArrayList<>();
    String cure = "is it misspelt?";
    long end = System.nanoTime() + limit.toNanos();
    for (URI node : given) {
      int untried = given.size() - reasons.size();
      try (Socket socket = new Socket()) {
        InetSocketAddress place = address(node);
        long millis = (end - System.nanoTime()) / untried / 1_000_000;
        socket.connect(place, (int) Math.max(1, millis));
        return nodes;
      } catch (UnknownHostException e) {
        reasons.add("nobody knows the name in " + node);
      } catch (IOException e) {
        reasons.add("nobody answers at " + node);
        cure = "is a node running there? 'doorbell serve' starts one";
      }
      Collections.rotate(nodes, -1);
    }
    throw new IllegalStateException(String.join(", ", reasons) + "; " + cure);
  }

  /** The address of any host name: java.net.URI has no host for a name with an underscore. */
  private static InetSocketAddress address(URI url) {
    String authority = url.getRawAuthority();
    int colon = authority.lastIndexOf(':');
    boolean isPort = colon > authority.lastIndexOf(']');
    String port = isPort ? authority.substring(colon + 1) : "";
    int usual = "https".equalsIgnoreCase(url.getScheme()) ? 443 : 80;
    String host = isPort ? authority.substring(0, colon) : authority;
    return new InetSocketAddress(
        // An address of IPv6 may name an interface.
        host.startsWith("[") ? host.replace("%25", "%") : IDN.toASCII(host),
        port.isEmpty() ? usual : Integer.parseInt(port));
  }

  /** Gives up requests under way. */
  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }

  private List<URI> nodes() {
    int slash = event.lastIndexOf('/');
    String[] texts =
        slash < 0 ? node.split("(?i),(?=https?://)") : new String[] {event.substring(0, slash)};
    List<URI> nodes = new ArrayList<>();
    for (String text : texts) {
      try {
        nodes.add(new URI(text));
        Doorbell.at(nodes, http);
      } catch (URISyntaxException | IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "'" + text + "' is no node's URL; write http://HOST:PORT/ID, or the bare ID", e);
      }
    }
    return nodes;
  }
}
