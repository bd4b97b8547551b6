package doorbell.http;

import doorbell.event.EventTable;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The port that clients wait and set at. Opened once, drained once, closed once. */
public final class HttpPort implements AutoCloseable {
  /** How long closing may take beyond the drain, in milliseconds. */
  private static final long CLOSE_MILLIS = 5_000;

  /** How often each loop looks whether the others go on, in milliseconds. */
  private static final long LOOK_MILLIS = 1_000;

  /** The least and the most files that are left to a store. */
  private static final int LEAST_STORE_FILES = 48;

  private static final int MOST_STORE_FILES = 1_000;

  private final EventLoopGroup group;
  final Map<EventLoop, Loop> loops = new LinkedHashMap<>();
  private final @Nullable Tls tls;
  private final Listener listener;
  private final WaitQuota quota;
  private final Budget budget;
  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private volatile boolean closing;

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
    tls = options.certificate() == null ? null : new Tls(options.certificate());
    budget = new Budget(options.maxBuffered());
    quota = new WaitQuota(options.maxWaits(), options.maxWaitsPerAddress());
    group =
        new MultiThreadIoEventLoopGroup(
            options.loops(), new DefaultThreadFactory("doorbell-loop"), transport.handlers());
    Faults faults = new Faults(failure::complete);
    for (EventExecutor executor : group) {
      EventLoop events = (EventLoop) executor;
      Loop loop = new Loop(events, InstantSource.system(), new CountedBuffers(budget), faults);
      loops.put(events, loop);
      events.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
      events.terminationFuture().addListener(ended -> onEnded());
    }
    if (tls != null) {
      group.scheduleWithFixedDelay(
          () -> Thread.ofVirtual().start(tls::reload),
          Limits.RELOAD_MILLIS,
          Limits.RELOAD_MILLIS,
          TimeUnit.MILLISECONDS);
    }
    listener = listen(transport, new Node(table, quota, budget, options, tls));
  }

  /** A loop that ends may hang before it has ended; the others see that it began to. */
  private void look() {
    if (loops.keySet().stream().anyMatch(EventLoop::isShuttingDown)) {
      onEnded();
    }
  }

  /** Its clients are never answered any more, and nobody can tell them. */
  private void onEnded() {
    if (!closing) {
      failure.complete(new IllegalStateException("an event loop has ended"));
    }
  }

  /** Completes with the reason when the port can't go on; whoever runs it should end it then. */
  public CompletionStage<Throwable> failure() {
    return failure.minimalCompletionStage();
  }

  private Listener listen(Transport transport, Node node) {
    try {
      int mostClients = OpenFiles.forClients(node.table().moreFiles());
      return transport == Transport.NIO
          ? new ChannelListener(group, node, loops, mostClients)
          : new SocketListener(transport, node, List.copyOf(loops.values()), mostClients);
    } catch (Exception e) {
      closing = true;
      group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      throw e instanceof IllegalStateException told ? told : cantListen(node.options().listen(), e);
    }
  }

  private static IllegalStateException cantListen(InetSocketAddress address, Exception e) {
    String why = String.valueOf(e.getMessage()).replaceFirst(".*: ", "");
    return new IllegalStateException(
        "can't listen on %s:%s (%s); choose another address with --listen HOST:PORT"
            .formatted(address.getHostString(), address.getPort(), why),
        e);
  }

  /** How many of the files that this process may open clients leave to a store: an eighth. */
  public static int filesOfStore() {
    return Math.clamp(OpenFiles.left() / 8, LEAST_STORE_FILES, MOST_STORE_FILES);
  }

  /** Where it listens, with the port that it really has. */
  public InetSocketAddress address() {
    return listener.address();
  }

  /** How many waits are parked, each id of them counted. */
  public int parked() {
    return quota.taken();
  }

  /** About how many bytes clients make it hold: by waits and by all else. */
  public long held() {
    return Memory.held(quota.taken(), budget.taken());
  }

  /** Looks at the certificate's files, as it does by itself every few seconds. */
  public void reload() {
    if (tls != null) {
      tls.reload();
    }
  }

  /** Takes no more clients, and answers all parked waits, evenly over {@code time}. Blocks. */
  public void drain(Duration time) throws InterruptedException {
    listener.stop().awaitUninterruptibly();
    CountDownLatch drained = new CountDownLatch(loops.size());
    for (Loop loop : loops.values()) {
      tell(loop, () -> loop.drain(time.toMillis(), drained::countDown), drained);
    }
    drained.await(time.toMillis() + CLOSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** A loop that has ended has nothing to do any more. */
  private static void tell(Loop loop, Runnable task, CountDownLatch done) {
    try {
      loop.events.execute(task);
    } catch (RejectedExecutionException loopHasEnded) {
      done.countDown();
    }
  }

  /** Closes every connection, after what was written to it is sent. Blocks. */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    listener.stop().awaitUninterruptibly();
    CountDownLatch closed = new CountDownLatch(loops.size());
    for (Loop loop : loops.values()) {
      tell(loop, () -> loop.close(closed::countDown), closed);
    }
    try {
      closed.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
