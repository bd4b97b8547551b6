package doorbell.wait;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Turns;
import doorbell.limit.AddressLimits;
import doorbell.limit.ClientAddress;
import doorbell.limit.Limit;
import doorbell.limit.QuotaException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The waiting service on one event loop: waits and sets for the loop's clients, and the wakes for
 * these clients. Belongs to the loop's thread.
 */
public final class WaitLoop implements IoLoop.Hooks {
  /** The event of a task that runs in the order of wakes. */
  static final EventId NO_EVENT = new EventId.Plain(0, 0);

  /** Sets that a loop gathers for one write of the store: a pass of the loop may be long. */
  public static final int SETS_PER_FLUSH = 64;

  public final IoLoop io;
  public final WaitQuota quota;
  public final LoopCounts counts = new LoopCounts();
  public final Wakeups wakeups;
  private final EventTable table;

  /** The node goes down: no wait is parked any more, and every answer closes. */
  private boolean draining;

  /** Sets of this pass of the loop. */
  private int sets;

  /** The last pass brought several sets. */
  private boolean crowded;

  /** The store isn't told of all sets yet. */
  private boolean unflushed;

  public WaitLoop(IoLoop io, EventTable table, WaitQuota quota) {
    this.io = io;
    this.table = table;
    this.quota = quota;
    this.wakeups = new Wakeups(io.events, io.faults, counts);
  }

  /**
   * Links {@code waiter} to the event first and looks the event up second, so that either the look
   * finds a set or the set finds the waiter. {@code then} hears if the event is set, or why the
   * store can't tell. The waiter stays linked until {@link #leave}.
   */
  public void lookUp(LoopWaiter waiter, BiConsumer<Boolean, @Nullable Throwable> then) {
    hear(waiter.endpoint(), table.wait(waiter), then);
  }

  /** Counts new waits of a client, or refuses them if its address begins too many a second. */
  public void admitWaits(Endpoint client, int ids) throws QuotaException {
    AddressLimits limits = quota.byAddress();
    if (limits != null) {
      ClientAddress address = address(client, Limit.WAITS_PER_SECOND_PER_ADDRESS);
      limits.takeWaits(address, ids, io.events.ticker().nanoTime());
    }
  }

  /** Counts sets of a client, or refuses them if its address sets too much a second. */
  public void admitSets(Endpoint client, int ids) throws QuotaException {
    AddressLimits limits = quota.byAddress();
    if (limits != null) {
      ClientAddress address = address(client, Limit.SETS_PER_SECOND_PER_ADDRESS);
      limits.takeSets(address, ids, io.events.ticker().nanoTime());
    }
  }

  /** The address of a client; one that reset its connection has none, and is refused. */
  private static @Nullable ClientAddress address(Endpoint client, Limit limit)
      throws QuotaException {
    ClientAddress address = WaitQuota.addressOf(client);
    if (address == null && !client.isUnix()) {
      throw new QuotaException(limit, "the client is gone");
    }
    return address;
  }

  /** Looks an event up, and links no waiter. */
  void ask(LoopWaiter waiter, BiConsumer<Boolean, @Nullable Throwable> then) {
    hear(waiter.endpoint(), isSet(waiter.id()), then);
  }

  /** Tells if an event is set now. */
  public CompletionStage<Boolean> isSet(EventId id) {
    return table.isSet(id);
  }

  /** Unlinks a waiter; true if the event was set meanwhile. */
  public boolean leave(LoopWaiter waiter) {
    return table.leave(waiter);
  }

  /**
   * Sets an event, and wakes the waiters: at once, or evenly over {@code spreadMillis}. The stage
   * tells when the set is stored, and if the set was the first.
   */
  public CompletionStage<Boolean> set(EventId id, long spreadMillis) {
    return table.set(id, spreadMillis);
  }

  /**
   * Tells a client the end of {@code stage}: at once if the stage ends on this thread, else in the
   * order of wakes.
   */
  public <T> void hear(
      Endpoint client, CompletionStage<T> stage, BiConsumer<T, @Nullable Throwable> then) {
    stage.whenComplete(
        (value, cause) -> {
          if (io.events.inEventLoop()) {
            io.run(client, () -> then.accept(value, cause));
          } else {
            tell(client, () -> then.accept(value, cause));
          }
        });
  }

  /** Has the loop's thread run a client's task, in the order in which waits are woken. */
  private void tell(Endpoint client, Runnable task) {
    wakeups.add(
        new LoopWaiter(NO_EVENT) {
          @Override
          protected Wakeups wakeups() {
            return wakeups;
          }

          @Override
          protected Endpoint endpoint() {
            return client;
          }

          @Override
          protected void onWake() {
            task.run();
          }
        });
  }

  /**
   * Answers the waits of this loop that a client's set has woken, at most a pass of wakes, and then
   * runs {@code then} for that client: at once, unless woken waits are being answered already.
   */
  public void wakeBefore(Endpoint client, Runnable then) {
    if (wakeups.isBusy()) {
      tell(client, then);
    } else {
      wakeups.run();
      then.run();
    }
  }

  /**
   * Sends what a client was written, soon: once for all frames of this pass of the loop, or of the
   * crowd that is being answered.
   */
  public void sendSoon(Endpoint client, Runnable send) {
    if (wakeups.isBusy()) {
      wakeups.sendAfterwards(() -> io.run(client, send));
    } else {
      io.soon(client, send);
    }
  }

  /**
   * Has the store keep the sets, once the kernel has the answers of woken waits: a writer on this
   * core would take the core from the answers. Crowds of sets are kept together, once for a pass of
   * the loop, or for every {@link #SETS_PER_FLUSH} sets.
   */
  public void flushSoon() {
    unflushed = true;
    if (sets++ == 0) {
      io.events.execute(this::endPass);
    } else if (sets % SETS_PER_FLUSH == 0) {
      flush();
    }
  }

  @Override
  public void betweenClients() {
    wakeups.poll();
  }

  @Override
  public void onSent() {
    if (!crowded) {
      flush();
    }
  }

  private void endPass() {
    crowded = sets > 1;
    sets = 0;
    if (crowded) {
      flush();
    } else if (unflushed) {
      Turns.next(io.events, this::flush); // Tasks of this pass may have set more.
    }
  }

  private void flush() {
    if (unflushed) {
      unflushed = false;
      try {
        table.flush();
      } catch (Throwable fault) { // Setters are told at the deadline.
        io.faults.tell(fault);
      }
    }
  }

  /**
   * Nanoseconds by which the loop is late: in its last regular look, or in one that is due and
   * hasn't come. Any thread may ask.
   */
  public long lag() {
    long due = counts.nextLook.get();
    long overdue = due == 0 ? 0 : io.events.ticker().nanoTime() - due;
    return Math.max(counts.lag.get(), overdue);
  }

  public boolean isDraining() {
    return draining;
  }

  /** Parks no wait from now on, and answers those who ask though the store may be closed. */
  public void beginDrain() {
    draining = true;
  }

  /** Ends all parked waits, evenly over {@code millis}; {@code done} runs when no wait is left. */
  public void drain(long millis, Runnable done) {
    beginDrain();
    new Drain(io, millis, done).run();
  }
}
