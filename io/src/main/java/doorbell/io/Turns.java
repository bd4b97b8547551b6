package doorbell.io;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * How long a loop works for one client before it looks at the others. Whoever has more to do asks
 * for another turn: these come one after the other, and in between the loop serves all who need
 * less. Belongs to its loop's thread.
 */
public final class Turns implements Runnable {
  /** So long a client that asks for little waits for one that asks for much. */
  private static final long TURN_NANOS = 100_000;

  /** The bits of a time in nanoseconds that a stretch of time has: 8.4 ms. */
  private static final int STRETCH_BITS = 23;

  /** A client whose bytes are here already, and not looked at yet. */
  public interface Taker {
    /** Goes on for as long as {@link #isOver} says no. What it throws ends its client alone. */
    void onTurn();

    Endpoint endpoint();
  }

  private final EventLoop events;
  private final Faults faults;
  private final ArrayDeque<Taker> waiting = new ArrayDeque<>();
  private boolean scheduled;
  private long began;

  /** The length of a turn, in nanoseconds; a test may want another. */
  public long length = TURN_NANOS;

  Turns(EventLoop events, Faults faults) {
    this.events = events;
    this.faults = faults;
  }

  /** Runs a task after the loop has looked at its clients once more. Any thread may call. */
  public static void next(EventLoop events, Runnable task) {
    // A task that is executed runs before that look.
    events.schedule(task, 0, TimeUnit.NANOSECONDS);
  }

  /** A turn begins now. */
  public void begin() {
    began = events.ticker().nanoTime();
  }

  /** How long this turn has been, in nanoseconds. */
  public long taken() {
    return events.ticker().nanoTime() - began;
  }

  public boolean isOver() {
    return taken() >= length;
  }

  /** Changes with time: what a client took in an earlier one doesn't count any more. */
  public byte stretch() {
    return (byte) (began >> STRETCH_BITS);
  }

  /** Has {@code taker} go on in a turn of its own, after those who asked before. */
  public void ask(Taker taker) {
    waiting.add(taker);
    schedule();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      next(events, this);
    }
  }

  @Override
  public void run() {
    scheduled = false;
    begin();
    do {
      take(waiting.remove());
    } while (!waiting.isEmpty() && !isOver());
    if (!waiting.isEmpty()) {
      schedule();
    }
  }

  private void take(Taker taker) {
    try {
      taker.onTurn();
    } catch (Throwable fault) {
      faults.cut(taker.endpoint(), fault);
    }
  }
}
