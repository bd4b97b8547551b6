package doorbell.cli;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How option values are written. */
final class Values {
  private Values() {}

  /** A time: {@code 90s}, {@code 1.5h}, {@code 24h}, {@code 500ms}; a bare number is seconds. */
  static final class Time implements ITypeConverter<Duration> {
    private static final Pattern TIME =
        Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)(ms|s|m|h|d|)");

    @Override
    public Duration convert(String text) {
      Matcher time = TIME.matcher(text.toLowerCase(Locale.ROOT));
      if (!time.matches()) {
        throw new TypeConversionException("a time is like 90s, 15m, 24h or 7d, not '" + text + "'");
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
  }

  /** A place to listen: {@code HOST:PORT}, {@code [::1]:PORT}; port 0 is any free one. */
  static final class HostPort implements ITypeConverter<InetSocketAddress> {
    @Override
    public InetSocketAddress convert(String text) {
      int colon = text.lastIndexOf(':');
      String host = colon < 0 ? "" : text.substring(0, colon);
      String port = text.substring(colon + 1);
      if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
        throw new TypeConversionException("an address is HOST:PORT, not '" + text + "'");
      }
      InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(port));
      if (address.isUnresolved()) {
        throw new TypeConversionException("the host '" + host + "' is unknown here");
      }
      return address;
    }
  }

  /** {@code http://127.0.0.1:8080} */
  static String url(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return "http://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }
}
