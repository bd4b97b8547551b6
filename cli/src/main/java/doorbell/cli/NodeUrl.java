package doorbell.cli;

import doorbell.OptionType;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** The URL of a node, like {@code http://127.0.0.1:8080}. */
final class NodeUrl {
  private NodeUrl() {}

  static String of(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return url(host.indexOf(':') < 0 ? host : "[" + host + "]", address);
  }

  /** The URL with the host as written; what is no HOST:PORT stays as written. */
  static String of(String written, SocketAddress address) {
    boolean inherited = written.startsWith("fd:");
    return !(address instanceof InetSocketAddress tcp)
        ? written
        : inherited ? of(tcp) : url(OptionType.host(written), tcp);
  }

  private static String url(String host, InetSocketAddress address) {
    return "http://" + host + ":" + address.getPort();
  }
}
