package doorbell.io;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A timer wheel of coarse slots for all connections and streams of a loop. The connections and
 * streams are the wheel's links, so that a deadline costs no object and moving a deadline costs no
 * search. Every open connection and stream has a deadline. Late by up to two slots, never early;
 * between a deadline and its end the loop looks at its clients once more.
 */
public final class Deadlines implements Runnable {
  private static final long SLOT_MILLIS = 50;
  private static final int SLOTS = 1_024;
  private static final long NEVER = Long.MAX_VALUE;

  /** Deadlines that end in one go before the loop looks at other clients. */
  private static final int ENDS_PER_PASS = 512;

  private final EventLoop events;
  private final Ticker ticker;
  private final Faults faults;
  private final long startNanos;
  private final @Nullable Deadline[] slots = new Deadline[SLOTS];
  private final ArrayDeque<Deadline> due = new ArrayDeque<>();
  private int size;
  private long doneSlot;
  private long nextRun = NEVER;
  private @Nullable Future<?> run;

  Deadlines(EventLoop events, Ticker ticker, Faults faults) {
    this.events = events;
    this.ticker = ticker;
    this.faults = faults;
    this.startNanos = ticker.nanoTime();
  }

  /**
   * Calls {@link Deadline#onDeadline} once, in {@code millis} or a little later. An exception ends
   * that client alone.
   */
  public void set(Deadline timed, long millis) {
    cancel(timed);
    long slot = nowSlot() + (millis + SLOT_MILLIS - 1) / SLOT_MILLIS + 1;
    timed.deadline = slot;
    int index = (int) (slot % SLOTS);
    Deadline head = slots[index];
    timed.later = head;
    if (head != null) {
      head.earlier = timed;
    }
    slots[index] = timed;
    size++;
    if (slot < nextRun) {
      runAt(slot);
    }
  }

  public void cancel(Deadline timed) {
    if (timed.deadline == Deadline.NO_DEADLINE) {
      return;
    }
    Deadline before = timed.earlier;
    Deadline after = timed.later;
    if (before != null) {
      before.later = after;
    } else {
      slots[(int) (timed.deadline % SLOTS)] = after;
    }
    if (after != null) {
      after.earlier = before;
    }
    timed.earlier = null;
    timed.later = null;
    timed.deadline = Deadline.NO_DEADLINE;
    size--;
  }

  /** Milliseconds until the deadline; 0 if it is over or not set. */
  public long leftMillis(Deadline timed) {
    long slots = timed.deadline == Deadline.NO_DEADLINE ? 0 : timed.deadline - nowSlot();
    return Math.max(0, slots * SLOT_MILLIS);
  }

  /** Everything with a deadline: all connections and streams of the loop. */
  public ArrayDeque<Deadline> all() {
    ArrayDeque<Deadline> all = new ArrayDeque<>(size);
    for (Deadline head : slots) {
      for (Deadline c = head; c != null; c = c.later) {
        all.add(c);
      }
    }
    return all;
  }

  @Override
  public void run() {
    run = null;
    nextRun = NEVER;
    long now = nowSlot();
    boolean goesOn = !due.isEmpty();
    addDue(now);
    doneSlot = now;
    if (!goesOn) {
      // A process that stood still is late: what came in time may be in the kernel still.
      Turns.next(events, this::endSome);
    }
  }

  /** Ends due deadlines in passes, since a crowd may be due at once. */
  private void endSome() {
    for (int i = 0; i < ENDS_PER_PASS && !due.isEmpty(); i++) {
      Deadline timed = due.remove();
      // An earlier deadline of this crowd may have moved or cancelled this deadline.
      if (timed.deadline <= doneSlot) {
        cancel(timed);
        end(timed);
      }
    }
    if (due.isEmpty()) {
      runAtNextSlotInUse(doneSlot);
    } else {
      Turns.next(events, this::endSome);
    }
  }

  private void end(Deadline timed) {
    try {
      timed.onDeadline();
    } catch (Throwable fault) {
      faults.cut(timed.endpoint(), fault);
    }
  }

  private void addDue(long now) {
    for (long slot = Math.max(doneSlot + 1, now - SLOTS + 1); slot <= now; slot++) {
      for (Deadline c = slots[(int) (slot % SLOTS)]; c != null; c = c.later) {
        if (c.deadline <= now) {
          due.add(c);
        }
      }
    }
  }

  private void runAtNextSlotInUse(long now) {
    for (long slot = now + 1; size > 0 && slot <= now + SLOTS; slot++) {
      if (slots[(int) (slot % SLOTS)] != null) {
        if (slot < nextRun) {
          runAt(slot);
        }
        return;
      }
    }
  }

  private void runAt(long slot) {
    if (run != null) {
      run.cancel(false);
    }
    nextRun = slot;
    long nanos = startNanos + TimeUnit.MILLISECONDS.toNanos(slot * SLOT_MILLIS) - ticker.nanoTime();
    run = events.schedule(this, Math.max(0, nanos), TimeUnit.NANOSECONDS);
  }

  private long nowSlot() {
    return nowMillis() / SLOT_MILLIS;
  }

  /** Milliseconds since this wheel was made. */
  public long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(ticker.nanoTime() - startNanos);
  }
}
