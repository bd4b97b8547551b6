package doorbell.bench;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/**
 * The event is set; one links itself and looks while the store answers and the variable is
 * forgotten: found set, times told, left behind.
 */
@JCStressTest
@Outcome(id = "true, 0, 0", expect = ACCEPTABLE, desc = "The variable or the store said so.")
@Outcome(id = "false, 0, .", expect = FORBIDDEN, desc = "A set is for good, at every moment.")
@Outcome(id = ".*, [12], .", expect = FORBIDDEN, desc = "Only a set wakes, and there is none.")
@Outcome(id = ".*, ., 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class SetStoredAgainstWait extends Race {
  private final CountingWaiter waiter = new CountingWaiter();

  public SetStoredAgainstWait() {
    table.set(EVENT, 0);
  }

  @Actor
  public void wait(ZII_Result seen) {
    seen.r1 = look(waiter);
  }

  @Actor
  public void store() {
    store.settle();
  }

  @Arbiter
  public void end(ZII_Result seen) {
    seen.r2 = waiter.told();
    table.leave(waiter);
    seen.r3 = leftBehind();
  }
}
