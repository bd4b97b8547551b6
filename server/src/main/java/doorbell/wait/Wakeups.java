package doorbell.wait;

import doorbell.io.Faults;
import doorbell.io.Turns;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The waits of one loop that were woken and have no answer yet. Setters on any thread add waits
 * without a lock; the loop answers in order of arrival, a bounded number at a time.
 */
public final class Wakeups implements Runnable {
  /** Waiters answered in one go before the loop looks at other clients. */
  public static final int WAKES_PER_PASS = 512;

  /**
   * Passes after which clients that were told are sent their bytes while a crowd is being answered:
   * where many of the crowd wait on one connection, a send is for all of them.
   */
  public static final int PASSES_PER_SEND = 32;

  /** Sends in one task of the loop. */
  private static final int SENDS_PER_TASK = 64;

  private final EventLoop events;
  private final Faults faults;
  private final LoopCounts counts;
  private final AtomicReference<@Nullable LoopWaiter> newest = new AtomicReference<>();

  /** The time of the first wake in {@link #newest}, in nanoseconds. */
  private volatile long since;

  /** The time of the first wake of the crowd that is being answered. */
  private long crowdSince;

  private @Nullable LoopWaiter oldest;

  /** Sends that are due when the crowd is answered, or {@link #PASSES_PER_SEND} of it. */
  private final ArrayDeque<Runnable> sends = new ArrayDeque<>();

  private int passesBeforeSend;
  private boolean running;
  private boolean scheduled;

  Wakeups(EventLoop events, Faults faults, LoopCounts counts) {
    this.counts = counts;
    this.events = events;
    this.faults = faults;
  }

  void add(LoopWaiter woken) {
    LoopWaiter before;
    do {
      before = newest.get();
      woken.nextWoken = before;
      if (before == null) {
        since = events.ticker().nanoTime();
      }
    } while (!newest.compareAndSet(before, woken));
    if (before == null) {
      events.execute(this);
    }
  }

  /**
   * Answers new wakes in the middle of a pass: under load a pass may be long, and a loop's tasks
   * run after the pass. A crowd that is being answered already goes on as before.
   */
  void poll() {
    if (oldest == null && newest.get() != null) {
      run();
    }
  }

  /**
   * True while a woken wait, or a crowd, is being answered. A set at that time goes no deeper on
   * the stack: the waits that the set wakes are answered later, and then the setter.
   */
  boolean isBusy() {
    return running || oldest != null;
  }

  @Override
  public void run() {
    if (running) {
      return;
    }
    running = true;
    if (oldest == null) {
      oldest = reversed(newest.getAndSet(null));
      crowdSince = since; // Written before the crowd was there; a little later for a next one.
    }
    int wakes = 0;
    for (int i = 0; oldest != null && i < WAKES_PER_PASS; i++) {
      LoopWaiter woken = oldest;
      oldest = woken.nextWoken;
      woken.nextWoken = null;
      wakes += woken.id() == WaitLoop.NO_EVENT ? 0 : 1;
      wake(woken);
    }
    if (wakes > 0) {
      counts.wakes.add(wakes);
      counts.setToWake.record(events.ticker().nanoTime() - crowdSince, wakes);
    }
    running = false;
    if (!sends.isEmpty() && (oldest == null || ++passesBeforeSend == PASSES_PER_SEND)) {
      passesBeforeSend = 0;
      events.execute(this::send);
    }
    if (!scheduled && (oldest != null || newest.get() != null)) {
      scheduled = true;
      Turns.next(events, this::goOn);
    }
  }

  /** Runs a client's send, which must not throw, after the wakes of now: see {@link #isBusy}. */
  void sendAfterwards(Runnable send) {
    sends.add(send);
  }

  private void send() {
    for (int i = 0; i < SENDS_PER_TASK && !sends.isEmpty(); i++) {
      sends.remove().run();
    }
    if (!sends.isEmpty()) {
      events.execute(this::send);
    }
  }

  private void goOn() {
    scheduled = false;
    run();
  }

  private void wake(LoopWaiter woken) {
    try {
      woken.onWake();
    } catch (Throwable fault) {
      faults.cut(woken.endpoint(), fault);
    }
  }

  private static @Nullable LoopWaiter reversed(@Nullable LoopWaiter chain) {
    LoopWaiter result = null;
    for (LoopWaiter link = chain; link != null; ) {
      LoopWaiter next = link.nextWoken;
      link.nextWoken = result;
      result = link;
      link = next;
    }
    return result;
  }
}
