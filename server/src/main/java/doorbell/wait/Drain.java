package doorbell.wait;

import doorbell.io.Deadline;
import doorbell.io.IoLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;

/**
 * Answers the parked waits of one loop evenly over a time, so that the clients come back evenly
 * too. Ends soon when all have hung up before.
 */
final class Drain implements Runnable {
  private static final int STEP_MILLIS = 20;

  /** The time between two looks if anybody is left. */
  private static final long LOOK_MILLIS = 100;

  private final IoLoop loop;
  private final ArrayDeque<Deadline> parked;
  private final Runnable done;
  private final long crowd;
  private final long steps;
  private final long stepMillis;
  private final long began;

  Drain(IoLoop loop, long millis, Runnable done) {
    this.loop = loop;
    this.parked = loop.deadlines.all();
    this.done = done;
    parked.removeIf(timed -> !isParked(timed));
    this.crowd = parked.size();
    this.steps = Math.max(1, Math.min(crowd, millis / STEP_MILLIS));
    this.stepMillis = millis / steps;
    this.began = loop.events.ticker().nanoTime();
  }

  private static boolean isParked(Deadline timed) {
    return timed instanceof Parked holder && holder.isParked();
  }

  /** The number of the step that is due: a busy loop is late, and leaves none out. */
  private long step() {
    long passed = TimeUnit.NANOSECONDS.toMillis(loop.events.ticker().nanoTime() - began);
    return steps == 1 ? 1 : Math.min(steps, 1 + passed / stepMillis);
  }

  @Override
  public void run() {
    long left = crowd - crowd * step() / steps;
    while (parked.size() > left) {
      Deadline next = parked.remove();
      loop.run(next.endpoint(), ((Parked) next)::drain);
    }
    while (!parked.isEmpty() && !isParked(parked.element())) {
      parked.remove();
    }
    if (parked.isEmpty()) {
      done.run();
    } else {
      loop.events.schedule(this, Math.min(stepMillis, LOOK_MILLIS), TimeUnit.MILLISECONDS);
    }
  }
}
