package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import doorbell.event.EventTable;
import doorbell.http1.Http1;
import doorbell.io.Budget;
import doorbell.io.Deadline;
import doorbell.io.Faults;
import doorbell.io.IoLoop;
import doorbell.io.SimulatedLoop;
import doorbell.io.socket.MemoryEndpoint;
import doorbell.limit.AddressLimits;
import doorbell.wait.WaitLoop;
import doorbell.wait.WaitQuota;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * A whole node on one thread: the real table, loops and connections, on endpoints in memory, with a
 * clock that is moved by hand.
 */
final class SimulatedNode {
  final MockTicker ticker = Ticker.newMockTicker();
  final SimulatedLoop.Stage stage = new SimulatedLoop.Stage();
  final SimulatedStore store;
  final EventTable table;
  final WaitQuota quota;
  final List<SimulatedLoop> threads = new ArrayList<>();
  final List<WaitLoop> loops = new ArrayList<>();

  final Budget budget;

  /** What a client's bytes led to that nobody had thought of. */
  final List<Throwable> thrown = new ArrayList<>();

  private final Faults faults =
      new Faults(thrown::add) {
        @Override
        public void tell(Throwable fault) {
          thrown.add(fault);
        }
      };

  private final List<Paced> paced = new ArrayList<>();
  private final Random random;

  /** Whether some of its clients are heard and answered a step later, as by an io_uring. */
  boolean mixed;

  private record Paced(long nanos, Runnable task) {}

  /** A node of one loop and ample room. */
  SimulatedNode() {
    this(new Random(1), 1, options(10_000, 0));
  }

  /** A node of one loop, with these limits. */
  SimulatedNode(Options options) {
    this(new Random(1), 1, options);
  }

  SimulatedNode(Random random, int loopCount, Options options) {
    this.random = random;
    store = new SimulatedStore(stage, random);
    table = new EventTable(store, this::later);
    budget = new Budget(options.get(Options.MAX_BUFFERED));
    quota = new WaitQuota(options.get(Options.MAX_WAITS));
    InstantSource clock = () -> Instant.ofEpochSecond(0, ticker.nanoTime());
    for (int i = 0; i < loopCount; i++) {
      SimulatedLoop thread = new SimulatedLoop(stage, ticker);
      threads.add(thread);
      WaitLoop loop = new WaitLoop(new IoLoop(thread, budget, faults), table, quota);
      Http1 http1 = new Http1(loop, options.http(), null, clock);
      loop.io.serve(http1, loop);
      loops.add(loop);
    }
    LimitOptions.limit(loops, options);
  }

  /** Takes other limits, as a node does that reads its file again. */
  void limit(Options options) {
    quota.limit(options.get(Options.MAX_WAITS));
    LimitOptions.limit(loops, options);
  }

  static Options options(int maxWaits, int maxWaitsPerAddress) {
    return Options.defaults()
        .with(Options.MAX_WAITS, maxWaits)
        .with(LimitOptions.MAX_WAITS_PER_ADDRESS, maxWaitsPerAddress);
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

  /** A client that is heard and answered a step later, as by an io_uring. */
  Client connectAsync() {
    mixed = true;
    Client client = connect();
    while (!client.async) {
      client.hangUp();
      client = connect();
    }
    mixed = false;
    return client;
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
      WaitLoop loop = loops.get(i);
      threads.get(i).execute(() -> loop.io.deadlines.all().forEach(Deadline::close));
    }
    runAll();
  }

  /** Bytes that were kept, and were not given back. */
  long leaked() {
    return budget.taken();
  }

  /** What is counted at addresses. */
  int kept() {
    AddressLimits limits = quota.byAddress();
    return limits == null ? 0 : limits.kept();
  }

  /** A client's end of a connection. */
  final class Client {
    final SimulatedLoop thread;
    final WaitLoop loop;
    final MemoryEndpoint endpoint;

    /** What it sends is read, and what it hears is sent, a step of the loop later. */
    final boolean async;

    private final StringBuilder received = new StringBuilder();

    private Client(int loopIndex, InetSocketAddress address) {
      thread = threads.get(loopIndex);
      loop = loops.get(loopIndex);
      async = mixed && random.nextBoolean();
      MemoryEndpoint[] made = new MemoryEndpoint[1];
      thread.enter(() -> made[0] = MemoryEndpoint.connect(loop.io, address, async));
      endpoint = requireNonNull(made[0]);
    }

    boolean isOpen() {
      return !endpoint.hasEnded();
    }

    /**
     * Goes on sending for {@code seconds}, a little in each, or until it is cut off.
     *
     * @return the seconds before the cut
     */
    int sendsFor(int seconds) {
      for (int passed = 0; passed < seconds; passed++) {
        if (endpoint.isGone()) {
          return passed;
        }
        send("1".repeat(100));
        pass(1_000);
      }
      return seconds;
    }

    /** Sends a byte for each character. */
    void send(String bytes) {
      thread.enter(() -> endpoint.arrive(Unpooled.copiedBuffer(bytes, ISO_8859_1)));
    }

    /** Sends while the loop stands still: if it is async, its bytes are in the kernel then. */
    void sendWhileItStandsStill(long millis, String bytes) {
      Runnable sends = () -> endpoint.arrive(Unpooled.copiedBuffer(bytes, ISO_8859_1));
      thread.schedule(sends, 0, TimeUnit.NANOSECONDS);
      advance(millis);
      runAll();
    }

    /** From now on, or no more; what waits for it is sent then. */
    void takeAnswers(boolean takes) {
      thread.enter(() -> endpoint.onRoom(takes ? Integer.MAX_VALUE : 0));
    }

    /** Ends its sending side. */
    void saysNoMore() {
      thread.enter(endpoint::endOfClient);
    }

    void hangUp() {
      thread.enter(endpoint::reset);
    }

    /** What has come and was not read: {@link Answer#take} reads it. */
    StringBuilder received() {
      ByteBuf heard = endpoint.heard();
      received.append(heard.readCharSequence(heard.readableBytes(), ISO_8859_1));
      heard.clear();
      return received;
    }
  }
}
