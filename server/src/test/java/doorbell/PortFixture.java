package doorbell;

import doorbell.event.EventTable;
import doorbell.io.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A port on a free port number, and the clients that a test lets connect to it. */
final class PortFixture implements AutoCloseable {
  static final int LOOPS = 2;

  final StoreInHand store = new StoreInHand();
  final EventTable table =
      new EventTable(
          store,
          (millis, task) ->
              CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(task));
  final Port port;
  private final List<Peer> peers = new ArrayList<>();
  private boolean ended;

  PortFixture(Transport transport) {
    this(options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75)));
  }

  PortFixture(Options options) {
    port = Port.open(options, table);
  }

  static Options options(Transport transport, Duration headTimeout, Duration idleTimeout) {
    return Options.defaults()
        .with(Options.LISTEN, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
        .with(Options.TRANSPORT, transport)
        .with(Options.LOOPS, LOOPS)
        .with(Options.MAX_WAITS, 1_000_000)
        .with(Options.HEAD_TIMEOUT, headTimeout)
        .with(Options.IDLE_TIMEOUT, idleTimeout);
  }

  /** The transports that this machine has. */
  static Stream<Transport> transports() {
    return Stream.of(Transport.IO_URING, Transport.EPOLL, Transport.NIO)
        .filter(transport -> transport.unavailability() == null);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) port.addresses().getFirst();
  }

  Peer connect() throws IOException {
    Peer peer = new Peer(address());
    peers.add(peer);
    return peer;
  }

  /** As many clients, each of which waits for {@code ids}. */
  List<Peer> crowd(int size, String ids) throws IOException {
    List<Peer> crowd = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      crowd.add(connect().say("GET /%s HTTP/1.1\nHost: a\n\n".formatted(ids)));
    }
    return crowd;
  }

  @Override
  public void close() throws IOException {
    for (Peer peer : peers) {
      peer.close();
    }
    end();
  }

  /** Ends the node as one that was drained ends: the store first, then the port. */
  void end() {
    if (!ended) {
      ended = true;
      store.close();
      port.close();
    }
  }
}
