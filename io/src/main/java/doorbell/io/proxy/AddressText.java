package doorbell.io.proxy;

import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The text of an address of IPv4 or IPv6, as proxies write it. No name is ever looked up. */
public final class AddressText {
  /** No part begins with a 0 that may be meant as octal. */
  private static final Pattern IPV4 =
      Pattern.compile("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");

  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]*:[0-9a-fA-F:.]*");
  private static final int LONGEST = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".length();

  private AddressText() {}

  /**
   * The address; null for any other text. An address of IPv4 in the form of IPv6 (RFC 4291,
   * 2.5.5.2) is that address of IPv4.
   */
  public static @Nullable InetAddress parse(String text) {
    if (text.length() > LONGEST
        || !(IPV4.matcher(text).matches() || IPV6.matcher(text).matches())) {
      return null;
    }
    try {
      return InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }
}
