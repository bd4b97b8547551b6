package doorbell;

import static java.util.Objects.requireNonNull;

import doorbell.access.Access;
import doorbell.access.SetTokens;
import doorbell.admin.AdminPort;
import doorbell.event.EventTable;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.http.HttpOptions;
import doorbell.http.Memory;
import doorbell.http1.Http1;
import doorbell.io.Budget;
import doorbell.io.Faults;
import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Listener;
import doorbell.io.OpenFiles;
import doorbell.io.ProtocolFactory;
import doorbell.io.Transport;
import doorbell.io.netty.ChannelListener;
import doorbell.io.proxy.ProxyProtocol;
import doorbell.io.socket.SocketListener;
import doorbell.io.tls.PemFiles;
import doorbell.io.tls.Tls;
import doorbell.wait.LoopCounts;
import doorbell.wait.WaitLoop;
import doorbell.wait.WaitQuota;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The port for waits and sets of clients. Opened once, drained once, closed once. */
public final class Port implements AutoCloseable {
  /** The time that closing may take beyond the drain, in milliseconds. */
  private static final long CLOSE_MILLIS = HttpLimits.LINGER_MILLIS + 1_000;

  /** The interval at which each loop checks the other loops, in milliseconds. */
  private static final long LOOK_MILLIS = 1_000;

  /** Bounds of the number of files that are left to a store. */
  private static final int LEAST_STORE_FILES = 48;

  private static final int MOST_STORE_FILES = 1_000;

  private final Transport transport;
  private final EventLoopGroup group;
  final List<WaitLoop> loops = new ArrayList<>();
  private final List<HttpLoop> https = new ArrayList<>();
  private final @Nullable Tls tls;
  final @Nullable SetTokens tokens;

  /** The protocols of clients that may set, where sets have listeners of their own. */
  private final Map<IoLoop, ProtocolFactory> setting = new HashMap<>();

  /** The PROXY protocol of some listeners; null if none speaks it. */
  private final @Nullable ProxyProtocol proxyProtocol;

  private final List<Listener> listeners = new ArrayList<>();
  final WaitQuota quota;
  final Budget budget;
  private int mostClients;

  /** The number of addresses that are not for sets alone; they are the first. */
  private int waitPlaces;

  private final CompletableFuture<Throwable> failure = new CompletableFuture<>();
  private volatile boolean closing;

  /**
   * Binds the port and listens.
   *
   * @throws IllegalStateException if the port can't be opened; the message says what to do
   */
  public static Port open(Options options, EventTable table) {
    return open(options, table, false);
  }

  /**
   * As {@link #open(Options, EventTable)}; beside a node that is about to end, if {@code taken}.
   */
  static Port open(Options options, EventTable table, boolean taken) {
    Transport transport = options.get(Options.TRANSPORT).resolve();
    Throwable missing = transport.unavailability();
    if (missing != null) {
      throw new IllegalStateException(
          "the transport " + transport + " doesn't work here; use --transport auto", missing);
    }
    return new Port(options, transport, table, taken);
  }

  private Port(Options options, Transport transport, EventTable table, boolean taken) {
    this.transport = transport;
    PemFiles certificate = TlsOptions.certificate(options);
    List<SocketAddress> proxied =
        ProxyOptions.listeners(
            options.get(ProxyOptions.PROXY_PROTOCOL),
            options.get(Options.LISTEN),
            options.get(ProxyOptions.TRUSTED_PROXIES).isPresent());
    proxyProtocol = proxied.isEmpty() ? null : new ProxyProtocol(rules(options));
    tls = certificate == null ? null : new Tls(TlsOptions.settings(options.http(), certificate));
    tokens = SetOptions.tokens(options);
    budget = new Budget(options.get(Options.MAX_BUFFERED));
    quota = new WaitQuota(options.get(Options.MAX_WAITS));
    group =
        new MultiThreadIoEventLoopGroup(
            options.loops(), new DefaultThreadFactory("doorbell-loop"), transport.handlers());
    Faults faults = new Faults(failure::complete);
    for (EventExecutor executor : group) {
      EventLoop events = (EventLoop) executor;
      loops.add(serving(new IoLoop(events, budget, faults), table, options));
      look(events, loops.getLast().counts);
      events.terminationFuture().addListener(ended -> onEnded());
    }
    LimitOptions.limit(loops, options);
    if (tls != null || tokens != null) {
      group.scheduleWithFixedDelay(
          () -> Thread.ofVirtual().start(this::reload),
          IoLimits.RELOAD_MILLIS,
          IoLimits.RELOAD_MILLIS,
          TimeUnit.MILLISECONDS);
    }
    int ofAdmin = options.get(Options.ADMIN).isPresent() ? AdminPort.MOST_FILES : 0;
    waitPlaces = options.get(Options.LISTEN).size();
    List<Listener.Place> places = Places.of(options, this::setting, proxied, proxyProtocol);
    listen(taken ? Places.taken(places) : places, table.moreFiles() + ofAdmin);
  }

  /** The service of a loop, from the waits to the clients' first protocol. */
  private WaitLoop serving(IoLoop io, EventTable table, Options options) {
    WaitLoop waits = new WaitLoop(io, table, quota);
    Access access = SetOptions.access(options, tokens);
    if (options.find(SetOptions.LISTEN) == null) {
      io.serve(protocols(waits, options, access), waits);
    } else {
      Access waitsAlone = Access.withoutSets(options.get(SetOptions.MIN_ID_BITS));
      io.serve(protocols(waits, options, waitsAlone), waits);
      setting.put(io, protocols(waits, options, access));
    }
    return waits;
  }

  private ProtocolFactory setting(IoLoop loop) {
    return requireNonNull(setting.get(loop));
  }

  private ProtocolFactory protocols(WaitLoop waits, Options options, @Nullable Access access) {
    Http1 http1 = new Http1(waits, options.http(), access, InstantSource.system());
    https.add(http1);
    return tls == null ? http1 : tls.around(waits.io, http1);
  }

  private static ProxyProtocol.Rules rules(Options options) {
    return new ProxyProtocol.Rules(
        options.get(ProxyOptions.TRUSTED_PROXIES).orElse(null),
        options.get(Options.HEAD_TIMEOUT).toMillis());
  }

  /**
   * A loop that ends may hang midway, so the other loops look for the beginning of the end. How
   * late a look comes tells how busy the loop is.
   */
  private void look(EventLoop events, LoopCounts counts) {
    long due = events.ticker().nanoTime() + TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS);
    counts.nextLook.set(due);
    events.schedule(
        () -> {
          counts.lag.set(events.ticker().nanoTime() - due);
          lookForTheEnd();
          look(events, counts);
        },
        LOOK_MILLIS,
        TimeUnit.MILLISECONDS);
  }

  private void lookForTheEnd() {
    if (loops.stream().anyMatch(loop -> loop.io.events.isShuttingDown())) {
      onEnded();
    }
  }

  /** Clients of an ended loop wait in vain and can't be told. */
  private void onEnded() {
    if (!closing) {
      failure.complete(new IllegalStateException("an event loop has ended"));
    }
  }

  /** Completes with the reason when the port can't go on; the owner should close the port then. */
  public CompletionStage<Throwable> failure() {
    return failure.minimalCompletionStage();
  }

  private void listen(List<Listener.Place> places, int filesOfStore) {
    Listener.Place at = places.getFirst();
    try {
      mostClients = OpenFiles.forClients(filesOfStore, Memory.clients());
      List<IoLoop> all = loops.stream().map(loop -> loop.io).toList();
      if (transport == Transport.NIO) {
        ChannelListener channels = new ChannelListener(group, all, mostClients);
        listeners.add(channels);
        places.forEach(Places::checkTcp);
        for (Listener.Place place : places) {
          at = place;
          channels.listen(place);
        }
      } else {
        for (Listener.Place place : places) {
          at = place;
          listeners.add(new SocketListener(transport, place, all, mostClients));
        }
      }
    } catch (Exception e) {
      closing = true;
      stopListening();
      group.shutdownGracefully(0, 0, TimeUnit.SECONDS);
      Option<?> option = places.indexOf(at) < waitPlaces ? Options.LISTEN : SetOptions.LISTEN;
      throw e instanceof IllegalStateException told
          ? told
          : Places.cantListen(option, at.address(), e);
    }
  }

  /**
   * Files that clients leave to a store: an eighth of the files that this process may still open.
   */
  public static int filesOfStore() {
    return Math.clamp(OpenFiles.left() / 8, LEAST_STORE_FILES, MOST_STORE_FILES);
  }

  /** The addresses of {@code --listen}, with the real port numbers, as they were given. */
  public List<SocketAddress> addresses() {
    return all().subList(0, waitPlaces);
  }

  /** The addresses of {@code --set-listen}; none if sets are taken at all. */
  public List<SocketAddress> setAddresses() {
    return all().subList(waitPlaces, all().size());
  }

  private List<SocketAddress> all() {
    return listeners.stream().flatMap(listener -> listener.addresses().stream()).toList();
  }

  void stopListening() {
    listeners.stream().map(Listener::stop).toList().forEach(Future::awaitUninterruptibly);
  }

  /** The number of connections that this port takes at a time. */
  int mostClients() {
    return mostClients;
  }

  /** True once the port can't go on. */
  boolean hasFailed() {
    return failure.isDone();
  }

  Transport transport() {
    return transport;
  }

  /** The number of parked waits, each id counted. */
  public int parked() {
    return quota.taken();
  }

  /** Bytes held for clients, as an estimate: for waits and for everything else. */
  public long held() {
    return Memory.held(quota.taken(), budget.taken());
  }

  /** Checks the files of certificate and tokens at once; a timer does so every few seconds. */
  public void reload() {
    if (tls != null) {
      tls.reload();
    }
    if (tokens != null) {
      tokens.reload();
    }
  }

  /** Takes the bounds and times of {@code options}; the rest needs a new port. */
  void reload(Options options) {
    if (proxyProtocol != null && options.get(ProxyOptions.TRUSTED_PROXIES).isEmpty()) {
      throw ProxyOptions.nobodyIsTrusted();
    }
    reload();
    quota.limit(options.get(Options.MAX_WAITS));
    if (proxyProtocol != null) {
      proxyProtocol.take(rules(options));
    }
    LimitOptions.limit(loops, options);
    for (HttpLoop loop : https) {
      HttpOptions taken = options.http().at(loop.options.basePath());
      loop.io.events.execute(() -> loop.options = taken);
    }
  }

  /**
   * Leaves new clients to a later node at the same addresses, and takes no more where there is
   * none. From the return on no wait is parked, so the store may be closed: whoever asks is told to
   * ask again, and late sets fail. Blocks, for a moment.
   *
   * @return true if there is a later node
   */
  boolean giveWay() throws InterruptedException {
    long later = listeners.stream().filter(Listener::giveWay).count();
    CountDownLatch told =
        tell(
            (loop, done) -> {
              loop.beginDrain();
              done.run();
            });
    told.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    return later > 0;
  }

  /** Ends the port's owner: for {@link #failure}. */
  void fail(Throwable reason) {
    failure.complete(reason);
  }

  /** Stops the listeners, and answers all parked waits evenly over {@code time}. Blocks. */
  public void drain(Duration time) throws InterruptedException {
    stopListening();
    CountDownLatch drained = tell((loop, done) -> loop.drain(time.toMillis(), done));
    drained.await(time.toMillis() + CLOSE_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Blocks until each event loop has come to one more task: for ever, when a loop hangs. */
  public void awaitTurn() throws InterruptedException {
    tell((loop, done) -> done.run()).await();
  }

  /**
   * Has each loop run a task, which runs its second argument when done. An ended loop runs no
   * tasks, and counts as done.
   */
  private CountDownLatch tell(BiConsumer<WaitLoop, Runnable> task) {
    CountDownLatch done = new CountDownLatch(loops.size());
    for (WaitLoop loop : loops) {
      try {
        loop.io.events.execute(() -> task.accept(loop, done::countDown));
      } catch (RejectedExecutionException loopHasEnded) {
        done.countDown();
      }
    }
    return done;
  }

  /** Closes each connection once all written bytes are sent. Blocks. */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    stopListening();
    CountDownLatch closed = tell((loop, done) -> loop.io.close(done));
    try {
      closed.await(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    group.shutdownGracefully(0, CLOSE_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
  }
}
