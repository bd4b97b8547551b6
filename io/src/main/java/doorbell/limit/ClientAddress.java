package doorbell.limit;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What counts as one client address, and what it holds: an address of IPv4, and a /64 of IPv6,
 * which one client has for itself. An address of IPv4 in the form of IPv6 (RFC 4291, 2.5.5.2) is
 * that address of IPv4. All that hold something at one address share one of these, which {@link
 * AddressLimits} keeps; so each of them costs only a reference. Any thread.
 */
public final class ClientAddress implements Comparable<ClientAddress> {
  /** What a connection and a wait add to {@link #held}. */
  static final long CONNECTION = 1L << Integer.SIZE;

  static final long WAIT = 1;

  /** Value of {@link #held} where nobody may hold anything: this object isn't kept. */
  private static final long UNKEPT = -1;

  /** Upper half of the keys of IPv4: multicast in IPv6, so that no client comes from there. */
  private static final long IPV4 = 0xffff_ffffL << 32;

  /** Third and fourth word of an address of IPv4 in the form of IPv6. */
  private static final int MAPPED = 0xffff;

  private static final AtomicLongFieldUpdater<ClientAddress> HELD =
      AtomicLongFieldUpdater.newUpdater(ClientAddress.class, "held");

  final long key;

  /** Connections in the upper half, waits in the lower. */
  private volatile long held;

  private ClientAddress(long key, long held) {
    this.key = key;
    this.held = held;
  }

  /** The address of a client, kept nowhere; null if there is none, as for a Unix socket. */
  public static @Nullable ClientAddress of(@Nullable InetSocketAddress client) {
    InetAddress address = client == null ? null : client.getAddress();
    return address == null ? null : of(address);
  }

  static ClientAddress of(InetAddress address) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    if (address instanceof Inet4Address) {
      return ofIpv4(bytes.getInt(0));
    }
    long prefix = bytes.getLong(0);
    boolean mapped = prefix == 0 && bytes.getInt(8) == MAPPED;
    return mapped ? ofIpv4(bytes.getInt(12)) : new ClientAddress(prefix, UNKEPT);
  }

  private static ClientAddress ofIpv4(int address) {
    return new ClientAddress(IPV4 | Integer.toUnsignedLong(address), UNKEPT);
  }

  /** This address, to be kept, and holding nothing yet. */
  ClientAddress fresh() {
    return new ClientAddress(key, 0);
  }

  /** False if this object isn't kept, or not any more. */
  boolean isKept() {
    return held != UNKEPT;
  }

  /**
   * Holds {@code count} more of {@code unit}, if all of them are at most {@code most}.
   *
   * @return false if they would be more, or if this object isn't kept
   */
  boolean hold(long unit, int count, int most) {
    long before;
    do {
      before = held;
      long now = unit == WAIT ? (int) before : before / CONNECTION;
      if (before == UNKEPT || now + count > most) {
        return false;
      }
    } while (!HELD.compareAndSet(this, before, before + count * unit));
    return true;
  }

  /** Holds so many less; nothing is kept of an address that holds nothing. */
  void drop(long unit, int count) {
    HELD.addAndGet(this, -count * unit);
  }

  /** True once nothing is held: from then on this object isn't kept. */
  boolean isLeft() {
    return HELD.compareAndSet(this, 0, UNKEPT) || held == UNKEPT;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ClientAddress address && address.key == key;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(key);
  }

  /** An order for maps, in which a crowd may have chosen keys of one hash. */
  @Override
  public int compareTo(ClientAddress other) {
    return Long.compare(key, other.key);
  }
}
