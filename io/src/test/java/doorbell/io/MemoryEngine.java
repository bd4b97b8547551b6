package doorbell.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.io.socket.MemoryEndpoint;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Endpoints in memory, on a loop that takes its steps when it is told to. */
final class MemoryEngine implements EndpointContract.Engine {
  /** What a kernel's buffers hold of an answer that nobody takes. */
  private static final int ROOM = 200_000;

  private static final int MOST_STEPS = 100_000;

  private final boolean async;
  private final MockTicker ticker = Ticker.newMockTicker();
  private final SimulatedLoop thread = new SimulatedLoop(new SimulatedLoop.Stage(), ticker);
  private final Budget budget = new Budget(1L << 40);
  private final IoLoop loop;
  private final List<Played> clients = new ArrayList<>();
  private int faults;

  MemoryEngine(boolean async, ProtocolFactory protocols) {
    this.async = async;
    Faults counted =
        new Faults(spent -> {}) {
          @Override
          public void tell(Throwable fault) {
            faults++;
          }
        };
    loop = new IoLoop(thread, budget, counted);
    loop.serve(protocols, RealEngine.NO_HOOKS);
  }

  @Override
  public IoLoop loop() {
    return loop;
  }

  @Override
  public EndpointContract.Client connect() {
    return new Played();
  }

  @Override
  public void onLoop(Runnable deed) {
    thread.enter(deed);
  }

  @Override
  public void until(BooleanSupplier condition) {
    for (int i = 0; !condition.getAsBoolean(); i++) {
      assertThat(i).isLessThan(MOST_STEPS);
      if (!thread.runOne()) {
        ticker.advance(50, TimeUnit.MILLISECONDS);
      }
    }
  }

  /** An endpoint as in an io_uring hears of the bytes when the clock has moved. */
  @Override
  public void standStill(long millis, EndpointContract.Client client, String bytes) {
    MemoryEndpoint endpoint = ((Played) client).endpoint;
    Runnable sends = () -> endpoint.arrive(Unpooled.copiedBuffer(bytes, ISO_8859_1));
    loop.events.schedule(sends, 0, TimeUnit.NANOSECONDS);
    ticker.advance(millis, TimeUnit.MILLISECONDS);
  }

  @Override
  public BooleanSupplier closeAll() {
    AtomicBoolean done = new AtomicBoolean();
    thread.enter(() -> loop.close(() -> done.set(true)));
    return done::get;
  }

  @Override
  public int faults() {
    return faults;
  }

  @Override
  public long counted() {
    return budget.taken();
  }

  /** Ends each connection as a client does that goes. */
  @Override
  public void end() {
    for (Played client : clients) {
      client.reset();
    }
    until(() -> loop.open() == 0);
  }

  private final class Played implements EndpointContract.Client {
    private final MemoryEndpoint endpoint;

    Played() {
      MemoryEndpoint[] made = new MemoryEndpoint[1];
      InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
      thread.enter(
          () -> {
            made[0] = MemoryEndpoint.connect(loop, address, async);
            made[0].onRoom(ROOM);
          });
      endpoint = made[0];
      clients.add(this);
    }

    @Override
    public void send(String bytes) {
      thread.enter(() -> endpoint.arrive(Unpooled.copiedBuffer(bytes, ISO_8859_1)));
    }

    @Override
    public void saysNoMore() {
      thread.enter(endpoint::endOfClient);
    }

    @Override
    public void reset() {
      thread.enter(endpoint::reset);
    }

    @Override
    public String hear(int bytes) {
      until(
          () -> {
            boolean more = endpoint.heard().readableBytes() < bytes;
            if (more) {
              thread.enter(() -> endpoint.onRoom(ROOM));
            }
            return !more;
          });
      return endpoint.heard().readCharSequence(bytes, ISO_8859_1).toString();
    }

    @Override
    public boolean hearsTheEnd() {
      until(() -> endpoint.heard().isReadable() || endpoint.hasEnded());
      return !endpoint.heard().isReadable();
    }
  }
}
