package doorbell.cli;

import java.net.InetSocketAddress;

/** The URL of a node, like {@code http://127.0.0.1:8080}. */
final class NodeUrl {
  private NodeUrl() {}

  static String of(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return of(host.indexOf(':') < 0 ? host : "[" + host + "]", address);
  }

  /** The URL with the host as written. */
  static String of(String host, InetSocketAddress address) {
    return "http://" + host + ":" + address.getPort();
  }
}
