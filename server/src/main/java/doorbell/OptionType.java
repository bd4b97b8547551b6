package doorbell;

import doorbell.io.InheritedSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The type of an option's values, which are written as text on a command line or in a file.
 *
 * @param <T> the type of a value
 * @param label a word for a value in a help text; empty for a flag, which has no value
 * @param parser reads a value; a bad text is an {@link IllegalArgumentException} with one sentence
 */
public record OptionType<T>(String label, Function<String, T> parser) {
  /** A time such as {@code 90s}, {@code 1.5h}, {@code 24h}, {@code 500ms} or {@code 0}. */
  public static final OptionType<Duration> TIME = new OptionType<>("TIME", OptionType::time);

  /** A number of bytes such as {@code 64m}, {@code 512k} or {@code 2g}; a bare number is bytes. */
  public static final OptionType<Long> SIZE = new OptionType<>("SIZE", OptionType::size);

  /** A whole number. */
  public static final OptionType<Integer> NUMBER = new OptionType<>("N", OptionType::number);

  /**
   * An address to listen at: {@code HOST:PORT}, {@code [::1]:PORT}, {@code PORT} on this machine
   * alone, or {@code :PORT} at all addresses of this machine; port 0 is any free port.
   */
  public static final OptionType<InetSocketAddress> ADDRESS =
      new OptionType<>("HOST:PORT", OptionType::address);

  /**
   * Addresses to listen at, with commas between them: each is an {@link #ADDRESS}, {@code
   * unix:/path} for a Unix socket, or {@code fd:3} for a socket that the process was started with.
   */
  public static final OptionType<List<SocketAddress>> ADDRESSES =
      new OptionType<>("HOST:PORT", OptionType::addresses);

  /** The name of a file. */
  public static final OptionType<Path> FILE = new OptionType<>("FILE", Path::of);

  /** A flag, true where it is given; written out, it is true or false. */
  public static final OptionType<Boolean> FLAG = new OptionType<>("", OptionType::flag);

  private static final Pattern TIMES =
      Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ms|s|m|h|d)");
  private static final Pattern NUMBERS = Pattern.compile("[0-9]{1,9}(?:\\.[0-9]{1,9})?");
  private static final Pattern SIZES = Pattern.compile("([0-9]{1,9})([kmg]?)");
  private static final int LARGEST_PORT = 65_535;
  private static final String THIS_MACHINE = "127.0.0.1";
  private static final String UNIX = "unix:";
  private static final Pattern INHERITED = Pattern.compile("fd:([3-9]|[1-9][0-9]{1,4})");

  /** A file that exists where the kernel speaks IPv6. */
  private static final Path IPV6 = Path.of("/proc/net/if_inet6");

  /** A text that is taken as it is. */
  public static OptionType<String> text(String label) {
    return new OptionType<>(label, text -> text);
  }

  /** One of the names of {@code all}, in any case. */
  public static <E extends Enum<E>> OptionType<E> choice(String label, E[] all) {
    return new OptionType<>(
        label,
        text -> {
          for (E one : all) {
            if (one.name().equals(text.toUpperCase(Locale.ROOT))) {
              return one;
            }
          }
          throw new IllegalArgumentException(
              "it is one of " + Arrays.toString(all).toLowerCase(Locale.ROOT));
        });
  }

  private static long size(String text) {
    Matcher size = SIZES.matcher(text.toLowerCase(Locale.ROOT));
    if (!size.matches()) {
      throw new IllegalArgumentException("a size is like 512k, 64m or 2g");
    }
    int shift = 10 * (1 + "kmg".indexOf(size.group(2)));
    return Long.parseLong(size.group(1)) << (size.group(2).isEmpty() ? 0 : shift);
  }

  private static Duration time(String text) {
    Matcher time = TIMES.matcher(text.equals("0") ? "0s" : text.toLowerCase(Locale.ROOT));
    if (!time.matches()) {
      throw new IllegalArgumentException(
          NUMBERS.matcher(text).matches()
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

  private static InetSocketAddress address(String text) {
    String host = host(text);
    int port = port(text.substring(text.lastIndexOf(':') + 1));
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("the host '" + host + "' is unknown here");
    }
    return address;
  }

  /** True if the option may be given several times, and its values are joined with commas. */
  public boolean isList() {
    return this == ADDRESSES;
  }

  private static List<SocketAddress> addresses(String text) {
    return Stream.of(text.split(",", -1)).map(String::strip).map(OptionType::anyAddress).toList();
  }

  private static SocketAddress anyAddress(String text) {
    if (text.startsWith(UNIX)) {
      String path = text.substring(UNIX.length());
      if (!path.startsWith("/")) {
        throw new IllegalArgumentException("a Unix socket is written unix:/path, from the root on");
      }
      return UnixDomainSocketAddress.of(path);
    }
    if (INHERITED.matcher(text).matches()) {
      return new InheritedSocket(Integer.parseInt(text.substring(text.indexOf(':') + 1)));
    }
    return address(text);
  }

  /** The host of an {@link #ADDRESS}, as written there. */
  public static String host(String text) {
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

  private static boolean flag(String text) {
    if (!text.equals("true") && !text.equals("false")) {
      throw new IllegalArgumentException("it is true or false");
    }
    return text.equals("true");
  }

  private static int number(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("it is a whole number", e);
    }
  }
}
