package doorbell.bench;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZII_Result;

/** One links itself and looks while another sets: found set, times told, left behind. */
@JCStressTest
@Outcome(id = "true, 0, 0", expect = ACCEPTABLE, desc = "The look found it set.")
@Outcome(id = "false, 1, 0", expect = ACCEPTABLE, desc = "The look was too early, the wake came.")
@Outcome(id = "true, 1, 0", expect = ACCEPTABLE, desc = "Found set, and told as well.")
@Outcome(id = "false, 0, .", expect = FORBIDDEN, desc = "A lost wake: a set ends every wait.")
@Outcome(id = ".*, 2, .", expect = FORBIDDEN, desc = "A waiter is told at most once.")
@Outcome(id = ".*, ., 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class WaitAgainstSet extends Race {
  private final CountingWaiter waiter = new CountingWaiter();

  @Actor
  public void wait(ZII_Result seen) {
    seen.r1 = look(waiter);
  }

  @Actor
  public void set() {
    table.set(EVENT, 0);
    store.settle();
  }

  @Arbiter
  public void end(ZII_Result seen) {
    seen.r2 = waiter.told();
    table.leave(waiter);
    seen.r3 = leftBehind();
  }
}
