package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.EventTable;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A whole node on one thread: the real table, loops and connections, on channels in memory, with a
 * clock that is moved by hand.
 */
final class SimulatedNode {
  final MockTicker ticker = Ticker.newMockTicker();
  final SimulatedLoop.Stage stage = new SimulatedLoop.Stage();
  final SimulatedStore store;
  final EventTable table;
  final WaitQuota quota;
  final List<SimulatedLoop> threads = new ArrayList<>();
  final List<Loop> loops = new ArrayList<>();

  final Budget budget;

  /** What a client's bytes led to that nobody had thought of. */
  final List<Throwable> thrown = new ArrayList<>();

  private final Faults faults =
      new Faults(thrown::add) {
        @Override
        void tell(Throwable fault) {
          thrown.add(fault);
        }
      };

  final Node node;
  private final List<Paced> paced = new ArrayList<>();
  private final List<ByteBuf> sent = new ArrayList<>();

  private record Paced(long nanos, Runnable task) {}

  /** A node of one loop and ample room. */
  SimulatedNode() {
    this(new Random(1), 1, options(10_000, 0));
  }

  SimulatedNode(Random random, int loopCount, HttpOptions options) {
    store = new SimulatedStore(stage, random);
    table = new EventTable(store, this::later);
    budget = new Budget(options.maxBuffered());
    quota = new WaitQuota(options.maxWaits(), options.maxWaitsPerAddress());
    node = new Node(table, quota, budget, options, null);
    InstantSource clock = () -> Instant.ofEpochSecond(0, ticker.nanoTime());
    for (int i = 0; i < loopCount; i++) {
      SimulatedLoop thread = new SimulatedLoop(stage, ticker);
      threads.add(thread);
      loops.add(new Loop(thread, clock, new CountedBuffers(budget), faults));
    }
  }

  static HttpOptions options(int maxWaits, int maxWaitsPerAddress) {
    return new HttpOptions(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        null,
        Transport.NIO,
        1,
        "",
        Duration.ofHours(1),
        maxWaits,
        maxWaitsPerAddress,
        1_000,
        HttpOptions.bytesThatFit(),
        Duration.ofSeconds(10),
        Duration.ofSeconds(75));
  }

  private void later(long millis, Runnable task) {
    paced.add(new Paced(ticker.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis), task));
  }

  /** Paced wakes have steps to come. */
  boolean isPacing() {
    return !paced.isEmpty();
  }

  /** A client at 192.0.2.ADDRESS, on one of the loops. */
  Client connect(int loop, int address) {
    try {
      byte[] documentation = {(byte) 192, 0, 2, (byte) address};
      return new Client(loop, new InetSocketAddress(InetAddress.getByAddress(documentation), 1));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  Client connect() {
    return connect(0, 1);
  }

  void advance(long millis) {
    ticker.advance(millis, TimeUnit.MILLISECONDS);
  }

  /** Moves the clock on, and does all that is due on the way. */
  void pass(long millis) {
    long left = millis;
    while (left > 0) {
      long step = Math.min(left, 10);
      advance(step);
      left -= step;
      runAll();
    }
  }

  /** Takes the next step of one paced wake that is due; false if there is none. */
  boolean pace() {
    for (Paced next : paced) {
      if (next.nanos <= ticker.nanoTime()) {
        paced.remove(next);
        stage.asAnotherThread(next.task);
        return true;
      }
    }
    return false;
  }

  /** Runs all that is due now, on all threads; the store keeps its late answers. */
  void runAll() {
    boolean ran = true;
    while (ran) {
      ran = pace();
      for (SimulatedLoop thread : threads) {
        ran |= thread.runOne();
      }
    }
  }

  /** Ends the connections as a port does that closes. */
  void close() {
    for (int i = 0; i < loops.size(); i++) {
      Loop loop = loops.get(i);
      threads.get(i).execute(() -> loop.deadlines.all().forEach(Deadline::close));
    }
    runAll();
  }

  /** Bytes that came in or were kept, and were not given back. */
  long leaked() {
    long unreleased = sent.stream().filter(bytes -> bytes.refCnt() > 0).count();
    return unreleased + budget.taken();
  }

  /** A client's end of a connection. */
  final class Client {
    final SimulatedLoop thread;
    final Loop loop;
    final EmbeddedChannel channel;
    private final StringBuilder received = new StringBuilder();
    private boolean takesAnswers = true;

    private Client(int loopIndex, SocketAddress address) {
      thread = threads.get(loopIndex);
      loop = loops.get(loopIndex);
      channel =
          new EmbeddedChannel(EmbeddedChannel.builder().ticker(ticker).register(false)) {
            @Override
            protected SocketAddress remoteAddress0() {
              return address;
            }

            @Override
            protected void doWrite(ChannelOutboundBuffer answers) throws Exception {
              if (takesAnswers) {
                super.doWrite(answers);
              }
            }
          };
      channel.config().setAllocator(new CountedBuffers(budget));
      channel.pipeline().addLast(new ChannelEndpoint(node, loop, channel));
      thread.enter(this::register);
    }

    private void register() {
      try {
        channel.register();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
    }

    boolean isOpen() {
      return channel.isOpen();
    }

    /** Sends a byte for each character. */
    void send(String bytes) {
      ByteBuf buffer = Unpooled.copiedBuffer(bytes, ISO_8859_1);
      sent.add(buffer);
      thread.enter(() -> channel.writeInbound(buffer));
    }

    /** From now on, or no more; what waits for it is sent then. */
    void takeAnswers(boolean takes) {
      takesAnswers = takes;
      thread.enter(channel::flush);
    }

    /** Ends its sending side. */
    void saysNoMore() {
      thread.enter(
          () -> channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE));
    }

    void hangUp() {
      thread.enter(channel::close);
    }

    /** What has come and was not read: {@link Answer#take} reads it. */
    StringBuilder received() {
      for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
        received.append(next.toString(ISO_8859_1));
        if (!next.release() && next.isWritable()) {
          throw new AssertionError("an answer has another owner");
        }
      }
      return received;
    }
  }
}
