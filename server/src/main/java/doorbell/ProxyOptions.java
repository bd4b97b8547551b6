package doorbell;

import doorbell.io.proxy.TrustedProxies;
import java.net.SocketAddress;
import java.util.List;
import java.util.Optional;

/** The options of a node behind proxies: their rows of the table, and what follows from them. */
public final class ProxyOptions {
  private static final String NONE = "none";
  private static final String ALL = "all";

  public static final Option<Optional<TrustedProxies>> TRUSTED_PROXIES =
      Option.of(
              "trusted-proxies",
              new OptionType<>("ADDRESS", ProxyOptions::proxies),
              "The proxies that are believed when they say who their client is, by Forwarded,"
                  + " X-Forwarded-For or the PROXY protocol: addresses, networks like 10.0.0.0/8,"
                  + " and unix for the peers of Unix sockets, with commas. Limits for each address"
                  + " count that client then.")
          .or(NONE);

  public static final Option<String> PROXY_PROTOCOL =
      Option.of(
              "proxy-protocol",
              new OptionType<>("HOST:PORT", ProxyOptions::listeners),
              "Where each connection begins with a header of the PROXY protocol, version 1 or 2,"
                  + " from one of --trusted-proxies: addresses as --listen has them, all, or none.")
          .or(NONE);

  private ProxyOptions() {}

  private static Optional<TrustedProxies> proxies(String text) {
    return text.equals(NONE) ? Optional.empty() : Optional.of(TrustedProxies.parse(text));
  }

  private static String listeners(String text) {
    boolean isList = !text.equals(NONE) && !text.equals(ALL);
    return isList && OptionType.ADDRESSES.parser().apply(text).isEmpty() ? NONE : text;
  }

  /**
   * The addresses of {@code all} at which proxies speak the PROXY protocol, as {@code text} says.
   *
   * @param isAnyTrusted true if there are trusted proxies
   * @throws IllegalArgumentException if the options contradict each other, with one sentence
   */
  static List<SocketAddress> listeners(String text, List<SocketAddress> all, boolean isAnyTrusted) {
    if (text.equals(NONE)) {
      return List.of();
    }
    if (!isAnyTrusted) {
      throw nobodyIsTrusted();
    }
    List<SocketAddress> named = text.equals(ALL) ? all : OptionType.ADDRESSES.parser().apply(text);
    if (!all.containsAll(named)) {
      throw new IllegalArgumentException(
          "--proxy-protocol names %s, where --listen doesn't listen".formatted(text));
    }
    return named;
  }

  /** The error of a node that would turn every proxy away. */
  static IllegalArgumentException nobodyIsTrusted() {
    return new IllegalArgumentException(
        "--proxy-protocol needs --trusted-proxies: the addresses of the proxies, or unix");
  }
}
