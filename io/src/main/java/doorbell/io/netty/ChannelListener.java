package doorbell.io.netty;

import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Listener;
import doorbell.io.ProtocolFactory;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import jdk.net.ExtendedSocketOptions;

/** Listens by Netty channels, for {@link ChannelEndpoint}s. */
public final class ChannelListener implements Listener {
  private static final ChannelOption<Boolean> SHARED =
      NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT);

  private final AtomicInteger clients = new AtomicInteger();
  private final int mostClients;
  private final ServerBootstrap bootstrap;
  private final List<Channel> channels = new ArrayList<>();
  private final ChannelGroup all;
  private final Map<EventLoop, IoLoop> byEvents = new HashMap<>();

  public ChannelListener(EventLoopGroup group, List<IoLoop> loops, int mostClients) {
    this.mostClients = mostClients;
    all = new DefaultChannelGroup(group.next());
    loops.forEach(loop -> byEvents.put(loop.events, loop));
    bootstrap =
        new ServerBootstrap()
            .group(group)
            .option(ChannelOption.SO_BACKLOG, IoLimits.ACCEPT_BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(64, 2_048, IoLimits.INPUT).maxMessagesPerRead(1))
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childOption(ChannelOption.SO_SNDBUF, IoLimits.KERNEL_UNSENT)
            .childOption(ChannelOption.SO_RCVBUF, IoLimits.KERNEL_UNREAD)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childOption(
                NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                IoLimits.KEEP_ALIVE_IDLE_SECONDS)
            .childOption(
                NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
                IoLimits.KEEP_ALIVE_INTERVAL_SECONDS)
            .childOption(
                NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT),
                IoLimits.KEEP_ALIVE_PROBES);
  }

  private ChannelHandler first(Function<IoLoop, ProtocolFactory> protocols) {
    return new ChannelInitializer<Channel>() {
      @Override
      protected void initChannel(Channel client) {
        IoLoop loop = Objects.requireNonNull(byEvents.get(client.eventLoop()));
        client.config().setAllocator(loop.allocator);
        ChannelEndpoint endpoint = new ChannelEndpoint(loop, client, protocols.apply(loop));
        loop.onOpened();
        client.closeFuture().addListener(closed -> loop.onReleased(endpoint));
        client.pipeline().addLast(endpoint);
      }
    };
  }

  /** Listens at another address; throws an exception that tells the fault of the address. */
  public void listen(Place place) {
    InetSocketAddress address = (InetSocketAddress) place.address();
    ServerBootstrap here =
        bootstrap
            .clone()
            .handler(counter())
            .childHandler(first(place.protocols()))
            .channelFactory(
                () -> new LimitedServerChannel(address.getAddress(), clients::get, mostClients));
    if (place.taken()) {
      here.option(SHARED, true);
    }
    Channel channel = here.bind(address).syncUninterruptibly().channel();
    channel.config().setOption(SHARED, true); // A later node may share it, if told so.
    channels.add(channel);
    all.add(channel);
  }

  /** Counts new clients on the acceptor's own loop, since the clients' loops may be behind. */
  private ChannelHandler counter() {
    return new ChannelInboundHandlerAdapter() {
      @Override
      public void channelRead(ChannelHandlerContext context, Object accepted) {
        clients.incrementAndGet();
        ((Channel) accepted).closeFuture().addListener(closed -> clients.decrementAndGet());
        context.fireChannelRead(accepted);
      }
    };
  }

  @Override
  public List<SocketAddress> addresses() {
    return channels.stream().map(Channel::localAddress).toList();
  }

  /** The kernel deals clients out to all who listen. */
  @Override
  public boolean giveWay() {
    stop();
    return false;
  }

  @Override
  public Future<?> stop() {
    return all.close();
  }
}
