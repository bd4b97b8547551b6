package doorbell;

import doorbell.io.IoLoop;
import doorbell.io.Listener;
import doorbell.io.ProtocolFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The addresses that a port listens at, as options give them and as errors name them. */
final class Places {
  private Places() {}

  /** The places of {@code --listen}, and then those of {@code --set-listen}. */
  static List<Listener.Place> of(Options options, Function<IoLoop, ProtocolFactory> setting) {
    List<Listener.Place> places = new ArrayList<>();
    options.get(Options.LISTEN).forEach(address -> places.add(new Listener.Place(address)));
    List<SocketAddress> sets = options.find(SetOptions.LISTEN);
    if (sets != null) {
      sets.forEach(address -> places.add(new Listener.Place(address, setting)));
    }
    return places;
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
