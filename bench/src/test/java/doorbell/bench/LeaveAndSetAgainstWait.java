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
 * The last waiter leaves, which forgets the variable, and sets a new one at once while another
 * joins the old or the new: whether the joiner found it set, times it was told, left behind.
 */
@JCStressTest
@Outcome(id = "true, 0, 0", expect = ACCEPTABLE, desc = "The look found it set.")
@Outcome(id = "false, 1, 0", expect = ACCEPTABLE, desc = "The look was too early, the wake came.")
@Outcome(id = "true, 1, 0", expect = ACCEPTABLE, desc = "Found set, and told as well.")
@Outcome(id = "false, 0, .", expect = FORBIDDEN, desc = "It sleeps for ever, in a variable gone.")
@Outcome(id = ".*, 2, .", expect = FORBIDDEN, desc = "A waiter is told at most once.")
@Outcome(id = ".*, ., 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class LeaveAndSetAgainstWait extends Race {
  private final CountingWaiter leaver = new CountingWaiter();
  private final CountingWaiter joiner = new CountingWaiter();

  public LeaveAndSetAgainstWait() {
    table.wait(leaver);
  }

  @Actor
  public void leaveAndSet() {
    table.leave(leaver);
    table.set(EVENT, 0);
    store.settle();
  }

  @Actor
  public void join(ZII_Result seen) {
    seen.r1 = look(joiner);
  }

  @Arbiter
  public void end(ZII_Result seen) {
    seen.r2 = joiner.told();
    table.leave(joiner);
    seen.r3 = leftBehind();
  }
}
