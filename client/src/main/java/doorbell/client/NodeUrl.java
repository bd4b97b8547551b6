package doorbell.client;

import java.net.IDN;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URL of a node: http or https, in one spelling, without a slash at the end.
 *
 * @param authority the host in lower case, and the port unless the scheme implies the port
 * @param path the path as written, without dot segments, or empty
 */
record NodeUrl(String scheme, String authority, String path) {
  private static final Pattern AUTHORITY =
      Pattern.compile("(\\[[0-9a-f:.]+(?:%[\\w.-]+)?]|[a-z0-9._~%-]+)(?::([0-9]*))?");
  private static final int LARGEST_PORT = 65_535;
  private static final Pattern SEVERAL = Pattern.compile("(?i),\\s*https?://|^https?://[^/]*,");

  /**
   * The nodes of a client: one, or several that share a store, of which each takes any set. The
   * first is asked until it fails, and then the next one: a client that stays has few connections.
   * A node that failed last is tried last. Thread-safe.
   */
  static final class Nodes {
    private final List<NodeUrl> all;
    private final AtomicInteger first = new AtomicInteger();

    Nodes(List<NodeUrl> all) {
      if (all.isEmpty()) {
        throw new IllegalArgumentException("Give the URL of a node, or of several.");
      }
      this.all = List.copyOf(all);
    }

    static Nodes of(List<URI> urls) {
      return new Nodes(urls.stream().map(Nodes::one).distinct().toList());
    }

    private static NodeUrl one(URI url) {
      if (SEVERAL.matcher(url.toString()).find()) {
        throw new IllegalArgumentException(
            "A node is one URL, and several are a list, not " + url + ".");
      }
      return NodeUrl.of(url);
    }

    List<NodeUrl> all() {
      return all;
    }

    int size() {
      return all.size();
    }

    /** The index of the node to ask first. */
    int first() {
      return first.get();
    }

    /** The node with that index, counted on in a circle. */
    NodeUrl at(int index) {
      return all.get(index % all.size());
    }

    /** Has the next node asked first, unless another request found the same before. */
    void failed(NodeUrl node) {
      int now = first.get();
      if (at(now).equals(node)) {
        first.compareAndSet(now, (now + 1) % all.size());
      }
    }
  }

  /**
   * The node of that URL.
   *
   * @throws IllegalArgumentException if the URL isn't a plain http or https URL
   */
  static NodeUrl of(URI url) {
    String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
    String authority = authority(scheme, url.getRawAuthority());
    if (authority == null || url.getRawQuery() != null || url.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "A node is an http or https URL without user, query and fragment, not " + url + ".");
    }
    return new NodeUrl(scheme, authority, flat(url.getRawPath()).replaceFirst("/+$", ""));
  }

  /** The authority in one spelling; null if no node can be asked there. */
  private static @Nullable String authority(String scheme, @Nullable String raw) {
    Matcher match = AUTHORITY.matcher(raw == null ? "" : inAscii(raw));
    if (!scheme.matches("https?") || !match.matches()) {
      return null;
    }
    String port = match.group(2) == null ? "" : match.group(2).replaceFirst("^0+(?=.)", "");
    if (port.length() > 5 || (!port.isEmpty() && Integer.parseInt(port) > LARGEST_PORT)) {
      return null;
    }
    boolean isUsual = port.isEmpty() || port.equals(scheme.equals("http") ? "80" : "443");
    return isUsual ? match.group(1) : match.group(1) + ":" + port;
  }

  /** The authority in ASCII and lower case, but for the name of an interface. */
  private static String inAscii(String authority) {
    if (authority.startsWith("[")) {
      int zone = (authority + "%").indexOf('%');
      return authority.substring(0, zone).toLowerCase(Locale.ROOT)
          + authority.substring(zone).replaceFirst("%25(?=.*])", "%");
    }
    try {
      boolean isAscii = authority.chars().allMatch(c -> c < 128);
      int port = authority.lastIndexOf(':');
      int end = port < 0 ? authority.length() : port;
      String host = authority.substring(0, end);
      return (isAscii ? host : IDN.toASCII(host)).toLowerCase(Locale.ROOT)
          + authority.substring(end);
    } catch (IllegalArgumentException e) { // no name can be so
      return "";
    }
  }

  /** The path without dot segments, as in RFC 3986, 5.2.4; java.net.URI joins slashes too. */
  private static String flat(String path) {
    Deque<String> segments = new ArrayDeque<>();
    for (String segment : path.split("/", -1)) {
      if (segment.equals("..") && segments.size() > 1) {
        segments.removeLast();
      }
      if (!segment.equals(".") && !segment.equals("..")) {
        segments.addLast(segment);
      }
    }
    return String.join("/", segments);
  }

  /** The origin, as browsers call scheme, host and port. */
  String origin() {
    return scheme + "://" + authority;
  }

  /**
   * The request's URL for an HttpClient. For java.net.URI a name with an underscore is no host, so
   * such a name is looked up here.
   *
   * @param attempt another number takes another of the name's addresses
   */
  URI at(String pathAndQuery, int attempt) throws UnknownHostException {
    URI url = URI.create(this + "/" + pathAndQuery);
    if (url.getHost() != null) {
      return url;
    }
    String[] hostAndPort = authority.split(":", 2);
    InetAddress[] all = InetAddress.getAllByName(hostAndPort[0]);
    String address = all[attempt % all.length].getHostAddress();
    String host = address.indexOf(':') < 0 ? address : "[" + address + "]";
    String port = hostAndPort.length == 2 ? ":" + hostAndPort[1] : "";
    return URI.create(scheme + "://" + host + port + path + "/" + pathAndQuery);
  }

  @Override
  public String toString() {
    return origin() + path;
  }
}
