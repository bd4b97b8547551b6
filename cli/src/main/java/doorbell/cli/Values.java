package doorbell.cli;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Option values as written. A bad value is an IllegalArgumentException with a sentence. */
final class Values {
  private static final Pattern TIME = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ms|s|m|h|d)");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}(?:\\.[0-9]{1,9})?");
  private static final int LARGEST_PORT = 65_535;
  private static final String THIS_MACHINE = "127.0.0.1";

  /** A file that exists where the kernel speaks IPv6. */
  private static final Path IPV6 = Path.of("/proc/net/if_inet6");

  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([kmg]?)");

  private static final String ROCKSDB = "rocksdb:";

  /** Folder names that a shell, a quote or a comment would be meant to change. */
  private static final Pattern UNLIKELY =
      Pattern.compile("[~\\s\"'].*|.*[\\s;\"']|.*[$`].*|%[a-zA-Z]/.*|file:.*", Pattern.DOTALL);

  private Values() {}

  /**
   * A store. A folder name that is hardly meant so is taken only if the folder exists: a new folder
   * would be an empty store, with which a node seems to have lost all sets.
   */
  static String store(String text) {
    String folder = text.startsWith(ROCKSDB) ? text.substring(ROCKSDB.length()) : "";
    if (UNLIKELY.matcher(folder).matches() && !Files.exists(Path.of(folder))) {
      throw new IllegalArgumentException(
          "a folder is taken as it is written, with its quotes, spaces, ~ and $: write its whole"
              + " name, or make it first if it is named so");
    }
    return text;
  }

  /** A number of bytes: {@code 64m}, {@code 512k}, {@code 2g}; a bare number is bytes. */
  static long size(String text) {
    Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!size.matches()) {
      throw new IllegalArgumentException("a size is like 512k, 64m or 2g");
    }
    int shift = 10 * (1 + "kmg".indexOf(size.group(2)));
    return Long.parseLong(size.group(1)) << (size.group(2).isEmpty() ? 0 : shift);
  }

  /** A time: {@code 90s}, {@code 1.5h}, {@code 24h}, {@code 500ms}, {@code 0}. */
  static Duration time(String text) {
    Matcher time = TIME.matcher(text.equals("0") ? "0s" : text.toLowerCase(Locale.ROOT));
    if (!time.matches()) {
      throw new IllegalArgumentException(
          NUMBER.matcher(text).matches()
              ? "of which unit? Write " + text + "s, " + text + "m, " + text + "h or " + text + "d"
              : "a time is like 90s, 15m, 24h or 7d");
    }
    long unitMillis =
        switch (time.group(2)) {
          case "ms" -> 1;
          case "m" -> 60_000;
          case "h" -> 3_600_000;
          case "d" -> 86_400_000;
          default -> 1_000;
        };
    return Duration.ofMillis(Math.round(Double.parseDouble(time.group(1)) * unitMillis));
  }

  /**
   * An address to listen at: {@code HOST:PORT}, {@code [::1]:PORT}, {@code PORT} on this machine
   * alone, or {@code :PORT} at all addresses of this machine; port 0 is any free port.
   */
  static InetSocketAddress address(String text) {
    String host = host(text);
    int port = port(text.substring(text.lastIndexOf(':') + 1));
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("the host '" + host + "' is unknown here");
    }
    return address;
  }

  /** The host of an address to listen at, as written there. */
  static String host(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 0) {
      return THIS_MACHINE;
    }
    String host = text.substring(0, colon);
    if (host.indexOf(':') >= 0 && !host.matches("\\[.*]")) {
      throw new IllegalArgumentException("an address of IPv6 is written [" + host + "]:PORT");
    }
    return host.isEmpty() ? Files.exists(IPV6) ? "[::]" : "0.0.0.0" : host;
  }

  private static int port(String text) {
    if (!text.matches("[0-9]+")) {
      throw new IllegalArgumentException("an address is HOST:PORT");
    }
    if (text.length() > 9 || Integer.parseInt(text) > LARGEST_PORT) {
      throw new IllegalArgumentException(text + " is not a port: they go up to " + LARGEST_PORT);
    }
    return Integer.parseInt(text);
  }

  static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("it is a whole number", e);
    }
  }

  /** A URL like {@code http://127.0.0.1:8080}. */
  static String url(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return url(host.indexOf(':') < 0 ? host : "[" + host + "]", address);
  }

  /** The URL with the host as written. */
  static String url(String host, InetSocketAddress address) {
    return "http://" + host + ":" + address.getPort();
  }
}
