package doorbell.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.awaitility.Awaitility.await;

import doorbell.io.netty.ChannelListener;
import doorbell.io.socket.SocketListener;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The kernel's sockets at both ends. */
final class RealEngine implements EndpointContract.Engine {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Most conditions hold within microseconds; some tests await hundreds. */
  private static final Duration LOOK_EVERY = Duration.ofMillis(1);

  private static final int CLIENTS = 1_000;

  private final EventLoopGroup group;
  private final IoLoop loop;
  private final Budget budget = new Budget(1L << 40);
  private final AtomicInteger faults = new AtomicInteger();
  private final Listener listener;

  RealEngine(Transport transport, ProtocolFactory protocols) {
    group = new MultiThreadIoEventLoopGroup(1, transport.handlers());
    Faults counted =
        new Faults(spent -> {}) {
          @Override
          public void tell(Throwable fault) {
            faults.incrementAndGet();
          }
        };
    loop = new IoLoop((EventLoop) group.iterator().next(), budget, counted);
    loop.serve(protocols, NO_HOOKS);
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try {
      listener =
          transport == Transport.NIO
              ? channels(any)
              : new SocketListener(transport, new Listener.Place(any), List.of(loop), CLIENTS);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ChannelListener channels(InetSocketAddress address) {
    ChannelListener channels = new ChannelListener(group, List.of(loop), CLIENTS);
    channels.listen(new Listener.Place(address));
    return channels;
  }

  static final IoLoop.Hooks NO_HOOKS =
      new IoLoop.Hooks() {
        @Override
        public void betweenClients() {}

        @Override
        public void onSent() {}
      };

  @Override
  public IoLoop loop() {
    return loop;
  }

  @Override
  public EndpointContract.Client connect() {
    try {
      InetSocketAddress address = (InetSocketAddress) listener.addresses().getFirst();
      return new RealClient(new Socket(address.getAddress(), address.getPort()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void onLoop(Runnable deed) {
    loop.events.submit(deed).syncUninterruptibly();
  }

  @Override
  public void until(BooleanSupplier condition) {
    await().atMost(PATIENCE).pollInterval(LOOK_EVERY).until(condition::getAsBoolean);
  }

  @Override
  public void standStill(long millis, EndpointContract.Client client, String bytes) {
    client.send(bytes);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = 1; left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  @Override
  public BooleanSupplier closeAll() {
    AtomicBoolean done = new AtomicBoolean();
    loop.events.execute(() -> loop.close(() -> done.set(true)));
    return done::get;
  }

  @Override
  public int faults() {
    return faults.get();
  }

  @Override
  public long counted() {
    return budget.taken();
  }

  @Override
  public void end() {
    listener.stop().syncUninterruptibly();
    onLoop(() -> loop.deadlines.all().forEach(open -> open.endpoint().cut()));
    until(() -> loop.open() == 0);
    group.shutdownGracefully(0, PATIENCE.toSeconds(), TimeUnit.SECONDS).syncUninterruptibly();
  }

  private record RealClient(Socket socket) implements EndpointContract.Client {
    RealClient {
      try {
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.setTcpNoDelay(true);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void send(String bytes) {
      try {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void saysNoMore() {
      try {
        socket.shutdownOutput();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void reset() {
      try {
        socket.setSoLinger(true, 0);
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String hear(int bytes) {
      try {
        return new String(socket.getInputStream().readNBytes(bytes), ISO_8859_1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean hearsTheEnd() {
      try {
        return socket.getInputStream().read() < 0;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
