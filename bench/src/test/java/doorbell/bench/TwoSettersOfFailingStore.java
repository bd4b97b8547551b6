package doorbell.bench;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLLL_Result;

/**
 * Two set at once, the store fails once, and while a paced wake keeps the variable a third sets:
 * the three answers, left behind.
 */
@JCStressTest
@Outcome(id = "failed, failed, true, 0", expect = ACCEPTABLE, desc = "Both asked for what failed.")
@Outcome(id = "failed, true, false, 0", expect = ACCEPTABLE, desc = "The other asked again.")
@Outcome(id = "true, failed, false, 0", expect = ACCEPTABLE, desc = "The one asked again.")
@Outcome(id = ".*none.*", expect = FORBIDDEN, desc = "Each set is answered.")
@Outcome(id = ".*, failed, .", expect = FORBIDDEN, desc = "A set that failed can be made again.")
@Outcome(id = ".*true.*true.*", expect = FORBIDDEN, desc = "Only one set is the first.")
@Outcome(id = ".*false.*", expect = FORBIDDEN, desc = "What was acknowledged is kept.")
@Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class TwoSettersOfFailingStore extends Race {
  private final Answer one = new Answer();
  private final Answer other = new Answer();
  private final Answer third = new Answer();

  public TwoSettersOfFailingStore() {
    super(RaceStore.Habit.SLOW_AND_FAILS_ONCE);
    table.wait(new CountingWaiter());
    table.wait(new CountingWaiter());
  }

  @Actor
  public void one() {
    one.of(table.set(EVENT, 40));
    store.settle();
  }

  @Actor
  public void other() {
    other.of(table.set(EVENT, 40));
    store.settle();
  }

  @Arbiter
  public void end(LLLL_Result seen) {
    store.settle();
    third.of(table.set(EVENT, 0));
    seen.r4 = leftBehind();
    seen.r1 = one.toString();
    seen.r2 = other.toString();
    seen.r3 = third.toString();
  }
}
