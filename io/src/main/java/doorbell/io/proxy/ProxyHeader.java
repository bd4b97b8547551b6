package doorbell.io.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * A header of the PROXY protocol, which a proxy sends before a client's bytes: <a
 * href="https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt">version 1</a>, a line of text,
 * or version 2, in binary.
 *
 * @param bytes the length of the header
 * @param client the client's address; null where the header names none, and the peer's address
 *     stands
 * @param port the client's port; 0 where there is no address
 */
record ProxyHeader(int bytes, @Nullable InetAddress client, int port) {
  /** Most bytes of a line of version 1, with its end. */
  static final int MOST_TEXT = 107;

  /** Most bytes of a header of version 2, as in nginx: extensions may make it longer. */
  static final int MOST_BINARY = 4_096;

  private static final byte[] TEXT = "PROXY ".getBytes(US_ASCII);
  private static final byte[] BINARY = "\r\n\r\n\0\r\nQUIT\n".getBytes(US_ASCII);
  private static final int BINARY_HEAD = 16;

  private static final int LOCAL = 0x20;
  private static final int PROXIED = 0x21;
  private static final int UNKNOWN = 0x00;
  private static final int TCP4 = 0x11;
  private static final int TCP6 = 0x21;
  private static final int UNIX_STREAM = 0x31;
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;
  private static final int UNIX_BYTES = 108;
  private static final int LARGEST_PORT = 65_535;

  /** Bytes that are no header of the PROXY protocol; the message is a sentence for the log. */
  static final class Broken extends Exception {
    private static final long serialVersionUID = 1;

    /** True if even the first bytes are of another protocol. */
    final boolean isForeign;

    Broken(String why, boolean isForeign) {
      super(why, null, false, false);
      this.isForeign = isForeign;
    }
  }

  /**
   * Reads the header that {@code bytes} begin with, and takes nothing from them.
   *
   * @return null if the header isn't whole yet; never for {@link #MOST_BINARY} bytes or more
   */
  static @Nullable ProxyHeader read(ByteBuf bytes) throws Broken {
    if (beginsAs(bytes, TEXT)) {
      return bytes.readableBytes() < TEXT.length ? null : text(bytes);
    }
    if (beginsAs(bytes, BINARY)) {
      return bytes.readableBytes() < BINARY_HEAD ? null : binary(bytes);
    }
    throw new Broken("there was none", true);
  }

  /** True if the bytes begin with {@code signature}, as far as they have come. */
  private static boolean beginsAs(ByteBuf bytes, byte[] signature) {
    int length = Math.min(signature.length, bytes.readableBytes());
    for (int i = 0; i < length; i++) {
      if (bytes.getByte(bytes.readerIndex() + i) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  private static @Nullable ProxyHeader text(ByteBuf bytes) throws Broken {
    int from = bytes.readerIndex();
    int seen = Math.min(bytes.readableBytes(), MOST_TEXT);
    int end = bytes.indexOf(from, from + seen, (byte) '\n');
    if (end < 0 && seen < MOST_TEXT) {
      return null;
    }
    if (end < 0 || bytes.getByte(end - 1) != '\r') {
      throw new Broken("its line has no end", false);
    }
    String line = bytes.toString(from, end - 1 - from, US_ASCII);
    return line(line.split(" ", -1), end + 1 - from);
  }

  private static ProxyHeader line(String[] words, int bytes) throws Broken {
    if (words[1].equals("UNKNOWN")) {
      return new ProxyHeader(bytes, null, 0);
    }
    boolean isTcp4 = words[1].equals("TCP4");
    if (words.length != 6 || (!isTcp4 && !words[1].equals("TCP6"))) {
      throw new Broken("its line is malformed", false);
    }
    InetAddress client = address(words[2], isTcp4);
    InetAddress node = address(words[3], isTcp4);
    int port = port(words[4]);
    if (client == null || node == null || port < 0 || port(words[5]) < 0) {
      throw new Broken("its line has malformed addresses", false);
    }
    return new ProxyHeader(bytes, client, port);
  }

  private static @Nullable InetAddress address(String text, boolean isTcp4) {
    return (text.indexOf(':') < 0) == isTcp4 ? AddressText.parse(text) : null;
  }

  /** A port; -1 for a text that is none. */
  private static int port(String text) {
    boolean isNumber = text.matches("0|[1-9][0-9]{0,4}");
    int port = isNumber ? Integer.parseInt(text) : -1;
    return port > LARGEST_PORT ? -1 : port;
  }

  private static @Nullable ProxyHeader binary(ByteBuf bytes) throws Broken {
    int from = bytes.readerIndex();
    int command = bytes.getUnsignedByte(from + BINARY.length);
    int family = bytes.getUnsignedByte(from + BINARY.length + 1);
    int length = bytes.getUnsignedShort(from + BINARY.length + 2);
    int whole = BINARY_HEAD + length;
    if (command != LOCAL && command != PROXIED) {
      throw new Broken("its version or command is unknown", false);
    }
    if (whole > MOST_BINARY) {
      throw new Broken("it has more than " + MOST_BINARY + " bytes", false);
    }
    int size = command == LOCAL ? 0 : addressBytes(family);
    int ports = size == UNIX_BYTES ? 0 : 2 * Short.BYTES;
    if (size > 0 && length < 2 * size + ports) {
      throw new Broken("it is too short for its addresses", false);
    }
    if (bytes.readableBytes() < whole) {
      return null;
    }
    if (size == 0 || size == UNIX_BYTES) {
      return new ProxyHeader(whole, null, 0);
    }
    int at = from + BINARY_HEAD;
    int port = bytes.getUnsignedShort(at + 2 * size);
    return new ProxyHeader(whole, address(ByteBufUtil.getBytes(bytes, at, size)), port);
  }

  /** The bytes of an address; 0 if the proxy doesn't know the client's. */
  private static int addressBytes(int family) throws Broken {
    return switch (family) {
      case UNKNOWN -> 0;
      case TCP4 -> IPV4_BYTES;
      case TCP6 -> IPV6_BYTES;
      case UNIX_STREAM -> UNIX_BYTES;
      default -> throw new Broken("its family of addresses is none of a stream", false);
    };
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }
}
