package doorbell.wait;

import doorbell.io.Faults;
import doorbell.io.Turns;
import io.netty.channel.EventLoop;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The waits of one loop that were woken and have no answer yet. Setters on any thread add waits
 * without a lock; the loop answers in order of arrival, a bounded number at a time.
 */
public final class Wakeups implements Runnable {
  /** Waiters answered in one go before the loop looks at other clients. */
  public static final int WAKES_PER_PASS = 512;

  private final EventLoop events;
  private final Faults faults;
  private final AtomicReference<@Nullable LoopWaiter> newest = new AtomicReference<>();
  private @Nullable LoopWaiter oldest;
  private boolean running;
  private boolean scheduled;

  Wakeups(EventLoop events, Faults faults) {
    this.events = events;
    this.faults = faults;
  }

  void add(LoopWaiter woken) {
    LoopWaiter before;
    do {
      before = newest.get();
      woken.nextWoken = before;
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
    }
    for (int i = 0; oldest != null && i < WAKES_PER_PASS; i++) {
      LoopWaiter woken = oldest;
      oldest = woken.nextWoken;
      woken.nextWoken = null;
      wake(woken);
    }
    running = false;
    if (!scheduled && (oldest != null || newest.get() != null)) {
      scheduled = true;
      Turns.next(events, this::goOn);
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
