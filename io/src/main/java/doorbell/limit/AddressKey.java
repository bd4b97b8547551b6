package doorbell.limit;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What counts as one client address: an address of IPv4, and a /64 of IPv6, which one client has
 * for itself. An address of IPv4 in the form of IPv6 (RFC 4291, 2.5.5.2) is that address of IPv4.
 */
public final class AddressKey {
  /** Upper half of the keys of IPv4: multicast in IPv6, so that no client comes from there. */
  private static final long IPV4 = 0xffff_ffffL << 32;

  /** Third and fourth word of an address of IPv4 in the form of IPv6. */
  private static final int MAPPED = 0xffff;

  private AddressKey() {}

  /** The key of a client's address; null if there is none, as for a Unix socket. */
  public static @Nullable Long of(@Nullable InetSocketAddress client) {
    InetAddress address = client == null ? null : client.getAddress();
    return address == null ? null : of(address);
  }

  static Long of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    if (address instanceof Inet4Address) {
      return ofIpv4(bytes.getInt(0));
    }
    long prefix = bytes.getLong(0);
    boolean mapped = prefix == 0 && bytes.getInt(8) == MAPPED;
    return mapped ? ofIpv4(bytes.getInt(12)) : prefix;
  }

  private static long ofIpv4(int address) {
    return IPV4 | Integer.toUnsignedLong(address);
  }
}
