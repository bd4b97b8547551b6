package doorbell.cli;

import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;

/** An event and the node to ask about it, as the command line names them: a URL, or a bare id. */
record Place(URI node, EventId id) {
  static final String DEFAULT_NODE = "http://127.0.0.1:8080";
  private static final int CONNECT_MILLIS = 10_000;

  /**
   * @throws IllegalArgumentException if it is neither, with a sentence
   */
  static Place parse(String text, String node) {
    if (!text.contains("/")) {
      return new Place(uri(node), EventId.of(text));
    }
    URI url = uri(text);
    String path = url.getPath() == null ? "" : url.getPath();
    int slash = path.lastIndexOf('/');
    if (url.getHost() == null || slash < 0 || slash == path.length() - 1) {
      throw new IllegalArgumentException(
          "'" + text + "' names no event; write http://HOST:PORT/ID, or the bare ID");
    }
    return new Place(
        uri(url.getScheme() + "://" + url.getRawAuthority() + path.substring(0, slash)),
        EventId.of(path.substring(slash + 1)));
  }

  private static URI uri(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("'" + text + "' is no URL", e);
    }
  }

  /**
   * The client for it. Looks first whether anybody listens there, since the client itself would go
   * on trying for long.
   */
  Doorbell client() {
    Doorbell client = Doorbell.at(node);
    int port = node.getPort() >= 0 ? node.getPort() : "https".equals(node.getScheme()) ? 443 : 80;
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(node.getHost(), port), CONNECT_MILLIS);
    } catch (IOException e) {
      throw new IllegalStateException(
          "nobody answers at " + node + "; is a node running there? 'doorbell serve' starts one",
          e);
    }
    return client;
  }
}
