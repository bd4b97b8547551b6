package doorbell.http;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import java.time.InstantSource;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** An event loop and what its connections share. Everything in it belongs to the loop's thread. */
final class Loop {
  /** What a task is that is told as if it were woken. */
  private static final EventId NO_EVENT = new EventId.Plain(0, 0);

  final EventLoop events;
  final Faults faults;
  final Deadlines deadlines;
  final Wakeups wakeups;
  final Turns turns;
  final Http1Encoder encoder;

  /** What connections keep of a request's bytes. */
  final ByteBufAllocator allocator;

  /** The node is going down: nothing is parked any more, and every answer closes. */
  private boolean draining;

  /** Sets that this pass of the loop has brought, and whether the last one brought many. */
  private int sets;

  private boolean crowded;

  /** Whose store isn't told of all of them yet. */
  private @Nullable EventTable unflushed;

  private @Nullable Http1Decoder spareDecoder;
  private @Nullable ByteBuf input;
  private @Nullable UringSlots ring;
  private final AtomicInteger open = new AtomicInteger();
  private Runnable onEmpty = () -> {};

  Loop(EventLoop events, InstantSource clock, ByteBufAllocator allocator, Faults faults) {
    this.events = events;
    this.faults = faults;
    this.deadlines = new Deadlines(events, events.ticker(), faults);
    this.wakeups = new Wakeups(events, faults);
    this.turns = new Turns(events, faults);
    this.encoder = new Http1Encoder(ByteBufAllocator.DEFAULT, clock);
    this.allocator = allocator;
  }

  /** Where a socket's bytes are read to, one socket at a time. */
  ByteBuf input() {
    if (input == null) {
      input = ByteBufAllocator.DEFAULT.directBuffer(Limits.INPUT, Limits.INPUT);
    }
    return input;
  }

  /** Where its sockets are, if they are in an io_uring. */
  UringSlots ring() {
    if (ring == null) {
      ring = new UringSlots((IoEventLoop) events);
    }
    return ring;
  }

  /** Runs it on the loop's thread after the loop has looked at its clients once more. */
  static void next(EventLoop events, Runnable task) {
    // A task that is executed runs before that.
    events.schedule(task, 0, TimeUnit.NANOSECONDS);
  }

  /** Runs a client's task after what the loop does now. */
  void soon(Endpoint client, Runnable task) {
    events.execute(() -> run(client, task));
  }

  /** Has the loop's thread run a client's task, in the order in which waits are woken. */
  void tell(Endpoint client, Runnable task) {
    wakeups.add(
        new LoopWaiter(NO_EVENT) {
          @Override
          Loop loop() {
            return Loop.this;
          }

          @Override
          Endpoint endpoint() {
            return client;
          }

          @Override
          void onWake() {
            task.run();
          }
        });
  }

  /** Has a client hear how {@code stage} ended: at once if it has, and this is its thread. */
  <T> void hear(
      Endpoint client, CompletionStage<T> stage, BiConsumer<T, @Nullable Throwable> then) {
    stage.whenComplete(
        (value, cause) -> {
          if (events.inEventLoop()) {
            run(client, () -> then.accept(value, cause));
          } else {
            tell(client, () -> then.accept(value, cause));
          }
        });
  }

  /** What it throws ends the client alone; a stage, or the loop, would keep it to itself. */
  private void run(Endpoint client, Runnable task) {
    try {
      task.run();
    } catch (Throwable fault) {
      faults.cut(client, fault);
    }
  }

  /**
   * Answers those whom a client's set has woken on this loop, and runs {@code then} for the client
   * behind them: at once, unless somebody who was woken is being answered on this stack.
   */
  void wakeBefore(Endpoint client, Runnable then) {
    if (wakeups.isBusy()) {
      tell(client, then);
    } else {
      wakeups.run();
      then.run();
    }
  }

  /**
   * Has the store keep what was set, once the kernel has what the woken are sent: a writer that
   * runs on this core would take it from them. Where sets come in crowds, that is once for all that
   * a pass of the loop brings, if it isn't too long.
   */
  void flushSoon(EventTable table) {
    unflushed = table;
    if (sets++ == 0) {
      events.execute(this::endPass);
    } else if (sets % Limits.SETS_PER_FLUSH == 0) {
      flush();
    }
  }

  /** The kernel did something; if it sent, then all that it was given to send before. */
  void onDone(boolean sent) {
    if (sent && !crowded) {
      flush();
    }
  }

  private void endPass() {
    crowded = sets > 1;
    sets = 0;
    if (crowded) {
      flush();
    } else if (unflushed != null) {
      next(events, this::flush); // Tasks of this pass may have given it more.
    }
  }

  private void flush() {
    EventTable table = unflushed;
    unflushed = null;
    if (table != null) {
      try {
        table.flush();
      } catch (Throwable fault) { // Its setters are told when their time is over.
        faults.tell(fault);
      }
    }
  }

  Http1Decoder takeDecoder() {
    Http1Decoder decoder = spareDecoder;
    spareDecoder = null;
    return decoder == null ? new Http1Decoder() : decoder;
  }

  /** {@code decoder} is between requests. */
  void giveBack(Http1Decoder decoder) {
    spareDecoder = decoder;
  }

  boolean isDraining() {
    return draining;
  }

  /** Ends all parked waits, evenly over {@code millis}; {@code done} runs when none is left. */
  void drain(long millis, Runnable done) {
    draining = true;
    new Drain(this, millis, done).run();
  }

  /** How many connections it has. Any thread may ask. */
  int open() {
    return open.get();
  }

  /** It has a connection more. Any thread may call. */
  void onOpened() {
    open.incrementAndGet();
  }

  void onReleased() {
    if (open.decrementAndGet() == 0) {
      onEmpty.run();
    }
  }

  /** Closes all connections; {@code done} runs when the last one is. */
  void close(Runnable done) {
    onEmpty = done;
    onOpened();
    deadlines.all().forEach(this::close);
    onReleased();
  }

  private void close(Deadline timed) {
    try {
      timed.close();
    } catch (Throwable fault) {
      faults.cut(timed.endpoint(), fault);
    }
  }
}
