package doorbell.io;

import static java.util.Objects.requireNonNull;

import doorbell.limit.AddressLimits;
import doorbell.limit.ClientAddress;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An event loop, and the clients that the loop carries bytes for. Belongs to the loop's thread,
 * except for methods that any thread may call.
 */
public final class IoLoop {
  /** Work of the rooms above, which a loop runs between clients and after sends. */
  public interface Hooks {
    /**
     * A client has sent something, or takes bytes again; the loop has not looked at that client
     * yet.
     */
    void betweenClients();

    /** A send has completed, so the kernel has all bytes that were given before. */
    void onSent();
  }

  public final EventLoop events;
  public final Faults faults;
  public final Budget budget;
  public final Deadlines deadlines;
  public final Turns turns;

  /** Buffers for bytes of clients that are kept. */
  public final ByteBufAllocator allocator;

  private @Nullable ProtocolFactory protocols;
  private @Nullable Hooks hooks;

  /** Limits for each address; null while no option asks for any. */
  private volatile @Nullable AddressLimits limits;

  /** Peers whose connections aren't counted; null for none. */
  private volatile @Nullable Predicate<Endpoint> exempt;

  private @Nullable ByteBuf input;
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder opened = new LongAdder();
  private Runnable onEmpty = () -> {};

  public IoLoop(EventLoop events, Budget budget, Faults faults) {
    this.events = events;
    this.faults = faults;
    this.budget = budget;
    this.deadlines = new Deadlines(events, events.ticker(), faults);
    this.turns = new Turns(events, faults);
    this.allocator = new CountedBuffers(budget);
  }

  /** Sets the protocols and the hooks, once, before the first client. */
  public void serve(ProtocolFactory first, Hooks above) {
    protocols = first;
    hooks = above;
  }

  /** Makes the protocols of new clients. Any thread may ask. */
  public ProtocolFactory protocols() {
    return requireNonNull(protocols);
  }

  /** Counts connections by address from now on. Any thread may call. */
  public void limit(AddressLimits byAddress) {
    limits = byAddress;
  }

  /** Doesn't count connections of {@code speakers}: they speak for many clients. Any thread. */
  public void exempt(@Nullable Predicate<Endpoint> speakers) {
    exempt = speakers;
  }

  /**
   * The protocol that a new client meets: {@code usual}, or a refusal where its address has too
   * many connections.
   */
  public Protocol admit(Endpoint endpoint, Protocol usual) {
    return admit(endpoint, endpoint, usual);
  }

  /** The same for {@code client}, which has come through {@code endpoint}. */
  public Protocol admit(Endpoint endpoint, Endpoint client, Protocol usual) {
    AddressLimits byAddress = limits;
    Predicate<Endpoint> speakers = exempt;
    if (byAddress == null || (speakers != null && speakers.test(client))) {
      return usual;
    }
    ClientAddress address = ClientAddress.of(client.client());
    if (address == null) {
      return usual;
    }
    leave(endpoint, byAddress); // It may be counted at its proxy's address.
    try {
      ClientAddress at = byAddress.open(endpoint, address, events.ticker().nanoTime());
      endpoint.countAt(at);
      client.countAt(at);
      return usual;
    } catch (QuotaException over) {
      return protocols().refusal(client, over);
    }
  }

  private static void leave(Endpoint endpoint, AddressLimits byAddress) {
    ClientAddress at = endpoint.countedAt();
    if (at != null) {
      endpoint.countAt(null);
      byAddress.leave(at);
    }
    byAddress.onClosed(endpoint);
  }

  /** See {@link Hooks#betweenClients}. */
  public void betweenClients() {
    requireNonNull(hooks).betweenClients();
  }

  /** See {@link Hooks#onSent}. */
  public void onSent() {
    requireNonNull(hooks).onSent();
  }

  /** The buffer that sockets are read into, one socket at a time. */
  public ByteBuf input() {
    if (input == null) {
      input = ByteBufAllocator.DEFAULT.directBuffer(IoLimits.INPUT, IoLimits.INPUT);
    }
    return input;
  }

  /** Runs a client's task when the loop's present task is done. Any thread may call. */
  public void soon(Endpoint client, Runnable task) {
    events.execute(() -> run(client, task));
  }

  /** Runs a client's task now. An exception of the task ends that client alone. */
  public void run(Endpoint client, Runnable task) {
    try {
      task.run();
    } catch (Throwable fault) {
      faults.cut(client, fault);
    }
  }

  /** The number of open connections. Any thread may ask. */
  public int open() {
    return open.get();
  }

  /** The number of all connections since the start. Any thread may ask. */
  public long opened() {
    return opened.sum();
  }

  /** Counts a new connection. Any thread may call. */
  public void onOpened() {
    opened.increment();
    open.incrementAndGet();
  }

  /** Counts a closed connection that was offered to {@link #admit}. */
  public void onReleased(Endpoint endpoint) {
    AddressLimits byAddress = limits;
    if (byAddress != null) {
      leave(endpoint, byAddress);
    }
    onReleased();
  }

  /** Counts a closed connection. */
  public void onReleased() {
    if (open.decrementAndGet() == 0) {
      onEmpty.run();
    }
  }

  /** Closes all connections; {@code done} runs when the last one is closed. */
  public void close(Runnable done) {
    onEmpty = done;
    onOpened();
    deadlines.all().forEach(timed -> run(timed.endpoint(), timed::close));
    onReleased();
  }
}
