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
 * The last waiter leaves, which forgets the variable, while another joins; then the event is set:
 * whether the joiner found it set, times it was told, left behind.
 */
@JCStressTest
@Outcome(id = "false, 1, 0", expect = ACCEPTABLE, desc = "It was told.")
@Outcome(id = "true, ., .", expect = FORBIDDEN, desc = "Nothing is set before somebody sets it.")
@Outcome(id = "false, 0, .", expect = FORBIDDEN, desc = "It sleeps for ever, in a variable gone.")
@Outcome(id = "false, 2, .", expect = FORBIDDEN, desc = "A waiter is told at most once.")
@Outcome(id = ".*, ., 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class ForgettingAgainstWaiting extends Race {
  private final CountingWaiter leaver = new CountingWaiter();
  private final CountingWaiter joiner = new CountingWaiter();

  public ForgettingAgainstWaiting() {
    table.wait(leaver);
  }

  @Actor
  public void leave() {
    table.leave(leaver);
  }

  @Actor
  public void join(ZII_Result seen) {
    seen.r1 = look(joiner);
  }

  @Arbiter
  public void end(ZII_Result seen) {
    table.set(EVENT, 0);
    seen.r3 = leftBehind();
    seen.r2 = joiner.told();
  }
}
