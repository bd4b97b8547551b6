package doorbell.http;

import doorbell.event.EventTable;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Ticker;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.IdentityHashMap;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The port that clients wait and set at. Opened once, drained once, closed once. */
public final class HttpPort implements AutoCloseable {
  /** How long closing may take beyond the drain, in milliseconds. */
  private static final long CLOSE_MILLIS = 5_000;

  private final EventLoopGroup group;
  private final IdentityHashMap<EventLoop, Loop> loops = new IdentityHashMap<>();
  private final Channel listener;
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
    room = new WaitingRoom(options.maxWaits(), options.maxWaitsPerAddress());
    group =
        new MultiThreadIoEventLoopGroup(
            options.loops(), new DefaultThreadFactory("doorbell-loop"), transport.handlers());
    for (EventExecutor executor : group) {
      EventLoop events = (EventLoop) executor;
      loops.put(events, new Loop(events, Ticker.systemTicker(), InstantSource.system()));
    }
    Connection.Node node = new Connection.Node(table, room, options);
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(transport.serverChannel())
            .option(ChannelOption.SO_BACKLOG, Limits.ACCEPT_BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    Loop loop = Objects.requireNonNull(loops.get(channel.eventLoop()));
                    channel.pipeline().addLast(new Connection(node, loop, channel));
                  }
                });
    transport.findDeadPeers(bootstrap);
    listener = listen(bootstrap, options.listen());
  }

  private Channel listen(ServerBootstrap bootstrap, InetSocketAddress address) {
    ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
    if (!bound.isSuccess()) {
      group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      String why = String.valueOf(bound.cause().getMessage()).replaceFirst(".*: ", "");
      throw new IllegalStateException(
          "can't listen on %s:%d (%s); choose another address with --listen HOST:PORT"
              .formatted(address.getHostString(), address.getPort(), why),
          bound.cause());
    }
    return bound.channel();
  }

  /** Where it listens, with the port that it really has. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listener.localAddress();
  }

  /** How many waits are parked. */
  public int parked() {
    return room.taken();
  }

  /** Takes no more clients, and answers all parked waits, evenly over {@code time}. Blocks. */
  public void drain(Duration time) throws InterruptedException {
    listener.close().awaitUninterruptibly();
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
    listener.close().awaitUninterruptibly();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    for (Loop loop : loops.values()) {
      for (ChannelFuture closed : loop.events.submit(loop::close).syncUninterruptibly().getNow()) {
        closed.awaitUninterruptibly(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
      }
    }
    group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
