package doorbell;

import doorbell.io.IoLoop;
import doorbell.io.Listener;
import doorbell.io.ProtocolFactory;
import doorbell.io.proxy.ProxyProtocol;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The addresses that a port listens at, as options give them and as errors name them. */
final class Places {
  private Places() {}

  /**
   * The places of {@code --listen}, of which some speak the PROXY protocol, and then those of
   * {@code --set-listen}.
   */
  static List<Listener.Place> of(
      Options options,
      Function<IoLoop, ProtocolFactory> setting,
      List<SocketAddress> proxied,
      @Nullable ProxyProtocol proxyProtocol) {
    List<Listener.Place> places = new ArrayList<>();
    for (SocketAddress address : options.get(Options.LISTEN)) {
      places.add(
          proxyProtocol == null || !proxied.contains(address)
              ? new Listener.Place(address)
              : new Listener.Place(
                  address, false, loop -> proxyProtocol.around(loop, loop.protocols())));
    }
    List<SocketAddress> sets = options.find(SetOptions.LISTEN);
    if (sets != null) {
      sets.forEach(address -> places.add(new Listener.Place(address, false, setting)));
    }
    return places;
  }

  /** The same places, where another node listens that is about to end. */
  static List<Listener.Place> taken(List<Listener.Place> places) {
    return places.stream()
        .map(place -> new Listener.Place(place.address(), true, place.protocols()))
        .toList();
  }

  /** Refuses what channels of Netty don't listen at. */
  static void checkTcp(Listener.Place place) {
    if (!(place.address() instanceof InetSocketAddress)) {
      throw new IllegalStateException(
          "the transport nio listens at HOST:PORT alone, not at %s; use --transport epoll"
              .formatted(text(place.address())));
    }
  }

  /** The error of an address that {@code option} gives. */
  static IllegalStateException cantListen(Option<?> option, SocketAddress address, Exception e) {
    String why = String.valueOf(e.getMessage()).replaceFirst(".*: ", "");
    return new IllegalStateException(
        "can't listen on %s (%s); choose another address with --%s %s"
            .formatted(text(address), why, option.name(), option.label()),
        e);
  }

  /** An address as an option has it. */
  private static String text(SocketAddress address) {
    return switch (address) {
      case InetSocketAddress tcp -> tcp.getHostString() + ":" + tcp.getPort();
      case UnixDomainSocketAddress unix -> "unix:" + unix.getPath();
      default -> address.toString();
    };
  }
}
