package doorbell.http;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;

/**
 * How long a loop works for one client before it looks at the others. Whoever has more to do asks
 * for another turn: these come one after the other, and in between the loop serves all who need
 * less. Belongs to its loop's thread.
 */
final class Turns implements Runnable {
  /** So long a client that asks for little waits for one that asks for much. */
  private static final long TURN_NANOS = 100_000;

  /** The bits of a time in nanoseconds that a stretch of time has: 8.4 ms. */
  private static final int STRETCH_BITS = 23;

  /** A client whose bytes are here already, and not looked at yet. */
  interface Taker {
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
  long length = TURN_NANOS;

  Turns(EventLoop events, Faults faults) {
    this.events = events;
    this.faults = faults;
  }

  /** A turn begins now. */
  void begin() {
    began = events.ticker().nanoTime();
  }

  /** How long this turn has been, in nanoseconds. */
  long taken() {
    return events.ticker().nanoTime() - began;
  }

  boolean isOver() {
    return taken() >= length;
  }

  /** Changes with time: what a client took in an earlier one doesn't count any more. */
  byte stretch() {
    return (byte) (began >> STRETCH_BITS);
  }

  /** Has {@code taker} go on in a turn of its own, after those who asked before. */
  void ask(Taker taker) {
    waiting.add(taker);
    schedule();
  }

  private void schedule() {
    if (!scheduled) {
      scheduled = true;
      Loop.next(events, this);
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
