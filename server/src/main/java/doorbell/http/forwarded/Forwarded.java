package doorbell.http.forwarded;

import doorbell.io.Endpoint;
import doorbell.io.proxy.ProxiedEndpoint;
import doorbell.io.proxy.TrustedProxies;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client that trusted proxies name in {@code Forwarded} (RFC 7239) or {@code X-Forwarded-For}:
 * the rightmost hop that isn't trusted. Each proxy adds its own client on the right, so whatever a
 * client writes stands on the left of that. Any thread.
 *
 * <pre>
 * X-Forwarded-For: what a client wrote, the client, a trusted proxy    from a trusted proxy
 *                                       ^ found   &lt;-- walked from the right
 * </pre>
 */
public final class Forwarded {
  private static final AsciiString FORWARDED = AsciiString.cached("forwarded");
  private static final AsciiString X_FORWARDED_FOR = AsciiString.cached("x-forwarded-for");

  /** Proxies in a row; more are a client's own words, and each costs time. */
  private static final int MOST_HOPS = 32;

  private final TrustedProxies trusted;

  public Forwarded(TrustedProxies trusted) {
    this.trusted = trusted;
  }

  /**
   * The endpoint as the client's: {@code endpoint} itself where nobody trusted names another
   * client. Who comes unnamed by the PROXY protocol has written the fields, and isn't believed. A
   * trusted peer of a Unix socket whose fields name nobody is a client on this machine.
   */
  public Endpoint client(Endpoint endpoint, HttpHeaders headers) {
    List<String> standard = headers.getAll(FORWARDED);
    List<String> usual = headers.getAll(X_FORWARDED_FOR);
    boolean isSaid = !standard.isEmpty() || !usual.isEmpty();
    if (!isSaid || endpoint.isUnnamed() || !trusted.trusts(endpoint)) {
      return endpoint;
    }
    InetAddress client = client(standard, usual);
    if (client == null && endpoint.isUnix()) {
      client = InetAddress.getLoopbackAddress();
    }
    return client == null ? endpoint : new ProxiedEndpoint(endpoint, client, 0);
  }

  /**
   * The client by the lines of both fields; null if they name nobody. A proxy writes one of the
   * fields and passes the other on as a client wrote it, so where they name different clients,
   * neither is believed.
   */
  @Nullable InetAddress client(List<String> standard, List<String> usual) {
    InetAddress first = walk(standard, true);
    InetAddress second = walk(usual, false);
    if (standard.isEmpty() || usual.isEmpty()) {
      return usual.isEmpty() ? first : second;
    }
    return first != null && first.equals(second) ? first : null;
  }

  /** Walks the hops from the right; a hop that can't be read ends the walk before it. */
  private @Nullable InetAddress walk(List<String> lines, boolean isStandard) {
    InetAddress last = null;
    int hops = 0;
    for (String line : lines.reversed()) {
      for (int end = line.length(); end >= 0; ) {
        int begin = isStandard ? ForwardedHop.begin(line, end) : line.lastIndexOf(',', end - 1) + 1;
        String text = line.substring(Math.max(0, begin), end).strip();
        end = begin - 1;
        if (text.isEmpty() && begin >= 0) {
          continue; // RFC 9110, 5.6.1: lists may have empty elements.
        }
        InetAddress hop = isStandard ? ForwardedHop.element(text) : ForwardedHop.node(text);
        if (++hops > MOST_HOPS) {
          return last;
        }
        if (begin < 0 || hop == null || !trusted.contains(hop)) {
          return begin < 0 || hop == null ? last : hop;
        }
        last = hop;
      }
    }
    return last;
  }
}
