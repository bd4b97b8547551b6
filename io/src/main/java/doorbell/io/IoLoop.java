package doorbell.io;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * An event loop, and the clients whose bytes it carries. Belongs to the loop's thread, but for what
 * is said to be for any.
 */
public final class IoLoop {
  /** Work of the rooms above, which a loop runs while it carries bytes. */
  public interface Hooks {
    /** A client has sent something, or takes bytes again, and is not looked at yet. */
    void betweenClients();

    /** The kernel has all bytes that it was given before. */
    void onSent();
  }

  public final EventLoop events;
  public final Faults faults;
  public final Budget budget;
  public final Deadlines deadlines;
  public final Turns turns;

  /** Buffers for the bytes of clients that are kept. */
  public final ByteBufAllocator allocator;

  private @Nullable ProtocolFactory protocols;
  private @Nullable Hooks hooks;
  private @Nullable ByteBuf input;
  private final AtomicInteger open = new AtomicInteger();
  private Runnable onEmpty = () -> {};

  public IoLoop(EventLoop events, Budget budget, Faults faults) {
    this.events = events;
    this.faults = faults;
    this.budget = budget;
    this.deadlines = new Deadlines(events, events.ticker(), faults);
    this.turns = new Turns(events, faults);
    this.allocator = new CountedBuffers(budget);
  }

  /** Says who speaks with its clients, once and before there is any. */
  public void serve(ProtocolFactory first, Hooks above) {
    protocols = first;
    hooks = above;
  }

  /** Makes the protocols of new clients. Any thread may ask. */
  public ProtocolFactory protocols() {
    return requireNonNull(protocols);
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

  /** Counts a new connection. Any thread may call. */
  public void onOpened() {
    open.incrementAndGet();
  }

  /** Counts a connection less. */
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
