package doorbell.io.socket;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.io.Budget;
import doorbell.io.Endpoint;
import doorbell.io.Faults;
import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.io.SimulatedLoop;
import doorbell.io.Turns;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How an endpoint takes its turns, with the loop's steps taken by hand. */
final class SocketEndpointTest implements ProtocolFactory, IoLoop.Hooks {
  private final MockTicker ticker = Ticker.newMockTicker();
  private final SimulatedLoop thread = new SimulatedLoop(new SimulatedLoop.Stage(), ticker);
  private final IoLoop loop = new IoLoop(thread, new Budget(1 << 20), new Faults(spent -> {}));
  private final List<String> turns = new ArrayList<>();

  /** Has no room for what it answers, until that is flushed. */
  private final class Answering implements Protocol {
    private final Endpoint endpoint;

    private Answering(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void onOpen() {}

    @Override
    public void onBytes(ByteBuf bytes) {
      turns.add("it");
      ticker.advance(10, TimeUnit.MICROSECONDS);
      endpoint.listen(false);
    }

    @Override
    public void onReadEnd() {
      endpoint.listen(true);
    }

    @Override
    public void onEnd() {}

    @Override
    public void onWritable() {}

    @Override
    public void onClosed() {}
  }

  private record Other(Endpoint endpoint, List<String> turns) implements Turns.Taker {
    @Override
    public void onTurn() {
      turns.add("another");
    }
  }

  @Override
  public Protocol first(Endpoint endpoint) {
    return new Answering(endpoint);
  }

  @Override
  public Protocol refusal(Endpoint endpoint, String why) {
    return first(endpoint);
  }

  @Override
  public Protocol refusal(Endpoint endpoint, QuotaException why) {
    return first(endpoint);
  }

  @Override
  public void betweenClients() {}

  @Override
  public void onSent() {}

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatStopsAndGoesOnInItsTurnHasOneTurnAtATime(boolean async) {
    loop.serve(this, this);
    InetSocketAddress client = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    MemoryEndpoint[] endpoint = new MemoryEndpoint[1];
    thread.enter(() -> endpoint[0] = MemoryEndpoint.connect(loop, client, async));
    ByteBuf bytes = Unpooled.wrappedBuffer(new byte[8 * IoLimits.INPUT]);
    thread.enter(() -> endpoint[0].arrive(bytes));
    thread.enter(() -> loop.turns.ask(new Other(endpoint[0], turns)));
    while (thread.runOne()) {
      assertThat(turns).hasSizeLessThan(100);
    }
    assertThat(turns.indexOf("another")).isLessThanOrEqualTo(2);
    assertThat(turns).filteredOn("it"::equals).hasSize(8);
    thread.enter(endpoint[0]::cut);
  }
}
