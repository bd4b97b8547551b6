package doorbell.http;

import doorbell.event.EventTable;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Ticker;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The port that clients wait and set at. Opened once, drained once, closed once. */
public final class HttpPort implements AutoCloseable {
  /** How long closing may take beyond the drain, in milliseconds. */
  private static final long CLOSE_MILLIS = 5_000;

  private final EventLoopGroup group;
  private final Map<EventLoop, Loop> loops = new LinkedHashMap<>();
  private final Listener listener;
  private final WaitingRoom room;

  /**
   * Binds and listens.
   *
   * @throws IllegalStateException if it can't, with a sentence that says what to do
   */
  public static HttpPort open(HttpOptions options, EventTable table) {
    Transport transport = options.transport().resolve();
    Throwable missing = transport.unavailability();
    if (missing != null) {
      throw new IllegalStateException(
          "the transport " + transport + " doesn't work here; use --transport auto", missing);
    }
    return new HttpPort(options, transport, table);
  }

  private HttpPort(HttpOptions options, Transport transport, EventTable table) {
    Tls tls = options.certificate() == null ? null : new Tls(options.certificate());
    room = new WaitingRoom(options.maxWaits(), options.maxWaitsPerAddress());
    group =
        new MultiThreadIoEventLoopGroup(
            options.loops(), new DefaultThreadFactory("doorbell-loop"), transport.handlers());
    for (EventExecutor executor : group) {
      EventLoop events = (EventLoop) executor;
      loops.put(
          events,
          new Loop(
              events, Ticker.systemTicker(), InstantSource.system(), ByteBufAllocator.DEFAULT));
    }
    if (tls != null) {
      group.scheduleWithFixedDelay(
          tls::reload, Limits.RELOAD_MILLIS, Limits.RELOAD_MILLIS, TimeUnit.MILLISECONDS);
    }
    listener = listen(transport, new Node(table, room, options, tls));
  }

  private Listener listen(Transport transport, Node node) {
    try {
      return transport == Transport.NIO
          ? new ChannelListener(group, node, loops)
          : new SocketListener(transport, node, List.copyOf(loops.values()));
    } catch (Exception e) {
      group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      InetSocketAddress address = node.options().listen();
      String why = String.valueOf(e.getMessage()).replaceFirst(".*: ", "");
      throw new IllegalStateException(
          "can't listen on %s:%d (%s); choose another address with --listen HOST:PORT"
              .formatted(address.getHostString(), address.getPort(), why),
          e);
    }
  }

  /** Where it listens, with the port that it really has. */
  public InetSocketAddress address() {
    return listener.address();
  }

  /** How many waits are parked, each id of them counted. */
  public int parked() {
    return room.taken();
  }

  /** Takes no more clients, and answers all parked waits, evenly over {@code time}. Blocks. */
  public void drain(Duration time) throws InterruptedException {
    listener.stop().awaitUninterruptibly();
    CountDownLatch drained = new CountDownLatch(loops.size());
    for (Loop loop : loops.values()) {
      loop.events.execute(() -> loop.drain(time.toMillis(), drained::countDown));
    }
    drained.await(time.toMillis() + CLOSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Closes every connection, after what was written to it is sent. Blocks. */
  @Override
  public void close() {
    if (group.isShuttingDown()) {
      return;
    }
    listener.stop().awaitUninterruptibly();
    CountDownLatch closed = new CountDownLatch(loops.size());
    for (Loop loop : loops.values()) {
      loop.events.execute(() -> loop.close(closed::countDown));
    }
    try {
      closed.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
