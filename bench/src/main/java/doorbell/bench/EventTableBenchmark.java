package doorbell.bench;

import doorbell.event.EventId;
import doorbell.event.EventTable;
import doorbell.event.SetStore;
import doorbell.event.Waiter;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What the table of event variables costs, alone, while {@code parked} others wait. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EventTableBenchmark {
  @Param({"0", "1000000"})
  private int parked;

  private final EventTable table = new EventTable(new Forgetful(), (millis, task) -> task.run());
  private long next;

  @Setup
  public void park() {
    for (int i = 0; i < parked; i++) {
      table.wait(new Sleeper(id()));
    }
  }

  /** Somebody begins to wait and hangs up. */
  @Benchmark
  public boolean waitAndLeave() {
    Waiter waiter = new Sleeper(id());
    table.wait(waiter);
    return table.leave(waiter);
  }

  /** Somebody begins to wait and is woken. */
  @Benchmark
  public CompletionStage<Boolean> waitAndSet() {
    EventId id = id();
    Waiter waiter = new Sleeper(id);
    table.wait(waiter);
    CompletionStage<Boolean> set = table.set(id, 0);
    table.leave(waiter);
    return set;
  }

  /** A set that nobody waits for. */
  @Benchmark
  public CompletionStage<Boolean> set() {
    return table.set(id(), 0);
  }

  /** A new id, as far from the last as a random one. */
  private EventId id() {
    next++;
    return new EventId.Plain(0, next * 0x9E3779B97F4A7C15L);
  }

  private static final class Sleeper extends Waiter {
    private Sleeper(EventId id) {
      super(id);
    }

    @Override
    protected void wake() {
      // The table is what is measured.
    }
  }

  /** Keeps nothing, so that a long run doesn't grow. */
  private static final class Forgetful implements SetStore {
    @Override
    public CompletionStage<Boolean> isSet(EventId id) {
      return NO;
    }

    @Override
    public CompletionStage<Boolean> setSoon(EventId id, boolean isNew) {
      return YES;
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
