package doorbell.io;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Limits the time that a loop works for one client before other clients have a turn. A client with
 * more to do asks for another turn: these turns come in order, and in between the loop serves all
 * clients that need less. Belongs to the loop's thread.
 */
public final class Turns implements Runnable {
  /** Time that a client with little to do waits for a client with much to do. */
  private static final long TURN_NANOS = 100_000;

  /** Bits of a time in nanoseconds that make up a stretch of time: 8.4 ms. */
  private static final int STRETCH_BITS = 23;

  /** Bits of a time in nanoseconds that make up a moment: more than a way to a client and back. */
  private static final int MOMENT_BITS = 28;

  /** A client with work that is here already, and not done yet. */
  public interface Taker {
    /** Works until {@link #isOver} says yes. An exception ends this client alone. */
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

  /** Runs a task after the loop's next look at the clients. Any thread may call. */
  public static void next(EventLoop events, Runnable task) {
    // An executed task would run before that look.
    events.schedule(task, 0, TimeUnit.NANOSECONDS);
  }

  /** Begins a turn. */
  public void begin() {
    began = events.ticker().nanoTime();
  }

  /** Time that this turn has taken, in nanoseconds. */
  public long taken() {
    return events.ticker().nanoTime() - began;
  }

  public boolean isOver() {
    return taken() >= length;
  }

  /**
   * Number of the present stretch: the time that a client took in an earlier stretch doesn't count
   * any more.
   */
  public byte stretch() {
    return (byte) (began >> STRETCH_BITS);
  }

  /** Number of the present moment of 268 ms, by the clock of now; wraps around after 68 s. */
  public byte moment() {
    return (byte) (events.ticker().nanoTime() >> MOMENT_BITS);
  }

  /** Has {@code taker} go on in a later turn, after all takers that asked before. */
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
