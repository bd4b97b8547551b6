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
 * Three wait; the second leaves while another sets: what it heard on leaving, times it was told,
 * times the two who stay were told, left behind.
 */
@JCStressTest
@Outcome(id = "false, 0, 2, 0", expect = ACCEPTABLE, desc = "It left before the set.")
@Outcome(id = "true, 0, 2, 0", expect = ACCEPTABLE, desc = "It left before its turn came.")
@Outcome(id = "true, 1, 2, 0", expect = ACCEPTABLE, desc = "It was told.")
@Outcome(id = "false, [12], ., .", expect = FORBIDDEN, desc = "Who left unset is never told.")
@Outcome(id = "true, 2, ., .", expect = FORBIDDEN, desc = "A waiter is told at most once.")
@Outcome(id = ".*, ., [^2], .", expect = FORBIDDEN, desc = "A set tells each who stays, once.")
@Outcome(
    id = ".*, ., ., 1",
    expect = FORBIDDEN,
    desc = "A variable that nobody needs is forgotten.")
@State
public class HangUpAgainstSet extends Race {
  private final CountingWaiter before = new CountingWaiter();
  private final CountingWaiter leaver = new CountingWaiter();
  private final CountingWaiter after = new CountingWaiter();

  public HangUpAgainstSet() {
    table.wait(before);
    table.wait(leaver);
    table.wait(after);
  }

  @Actor
  public void leave(LLLL_Result seen) {
    seen.r1 = table.leave(leaver);
  }

  @Actor
  public void set() {
    table.set(EVENT, 0);
    store.settle();
  }

  @Arbiter
  public void end(LLLL_Result seen) {
    seen.r4 = leftBehind();
    seen.r2 = leaver.told();
    seen.r3 = before.told() + after.told();
  }
}
