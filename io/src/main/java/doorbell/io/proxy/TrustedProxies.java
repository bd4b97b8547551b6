package doorbell.io.proxy;

import doorbell.io.Endpoint;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The proxies that are believed when they say who their client is: networks, and the peers of Unix
 * sockets if so wanted. Any thread.
 *
 * @param networks the networks of trusted proxies
 * @param unix true if the peers of Unix sockets are trusted
 */
public record TrustedProxies(List<Network> networks, boolean unix) {
  private static final String UNIX = "unix";

  /**
   * A network: the addresses that begin with the first {@code bits} of an address.
   *
   * @param first the first address, all of whose further bits are 0
   */
  public record Network(InetAddress first, int bits) {
    /** True if the address is in this network. */
    boolean contains(InetAddress address) {
      byte[] own = first.getAddress();
      byte[] other = address.getAddress();
      return own.length == other.length && Arrays.equals(own, masked(other, bits));
    }
  }

  /**
   * Reads addresses, networks and {@code unix}, with commas between them.
   *
   * @throws IllegalArgumentException for any other text, with one sentence
   */
  public static TrustedProxies parse(String text) {
    List<Network> networks = new ArrayList<>();
    boolean unix = false;
    for (String part : text.split(",", -1)) {
      String item = part.strip();
      if (item.equals(UNIX)) {
        unix = true;
      } else {
        networks.add(network(item));
      }
    }
    return new TrustedProxies(List.copyOf(networks), unix);
  }

  private static Network network(String text) {
    int slash = text.indexOf('/');
    InetAddress address = AddressText.parse(slash < 0 ? text : text.substring(0, slash));
    if (address == null) {
      throw new IllegalArgumentException(
          "a trusted proxy is an address like 192.0.2.1, a network like 10.0.0.0/8 or"
              + " 2001:db8::/32, or unix, not '%s'".formatted(text));
    }
    int most = Byte.SIZE * address.getAddress().length;
    int bits = slash < 0 ? most : bits(text.substring(slash + 1));
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException(
          "'%s' has no such length: it is 0 to %s behind the slash".formatted(text, most));
    }
    InetAddress first = address(masked(address.getAddress(), bits));
    if (!first.equals(address)) {
      throw new IllegalArgumentException(
          "'%s' has bits behind its length: write %s/%s, or the address alone"
              .formatted(text, first.getHostAddress(), bits));
    }
    return new Network(first, bits);
  }

  private static int bits(String text) {
    return text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : -1;
  }

  /** The same address, with 0 in all bits but the first {@code bits}. */
  private static byte[] masked(byte[] address, int bits) {
    byte[] masked = address.clone();
    for (int i = 0; i < masked.length; i++) {
      int kept = Math.clamp(bits - (long) i * Byte.SIZE, 0, Byte.SIZE);
      masked[i] &= (byte) (0xff << (Byte.SIZE - kept));
    }
    return masked;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  /** True if the address is that of a trusted proxy. */
  public boolean contains(InetAddress address) {
    InetAddress plain = address instanceof Inet6Address ? address(address.getAddress()) : address;
    return networks.stream().anyMatch(network -> network.contains(plain));
  }

  /** True if whom the endpoint's client connected from is trusted. */
  public boolean trusts(Endpoint endpoint) {
    InetSocketAddress client = endpoint.client();
    return client == null ? unix && endpoint.isUnix() : contains(client.getAddress());
  }
}
