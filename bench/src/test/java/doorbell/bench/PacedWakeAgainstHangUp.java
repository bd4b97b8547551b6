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
 * The event is set and tells three one by one; the second leaves while the pacer moves on: what it
 * heard on leaving, times it was told, times the two who stay were told, left behind.
 */
@JCStressTest
@Outcome(id = "true, 0, 2, 0", expect = ACCEPTABLE, desc = "It left before its turn came.")
@Outcome(id = "true, 1, 2, 0", expect = ACCEPTABLE, desc = "It was told.")
@Outcome(id = "false, ., ., .", expect = FORBIDDEN, desc = "Who leaves after a set hears of it.")
@Outcome(id = "true, 2, ., .", expect = FORBIDDEN, desc = "A waiter is told at most once.")
@Outcome(id = ".*, ., [^2], .", expect = FORBIDDEN, desc = "A set tells each who stays, once.")
@Outcome(
    id = ".*, ., ., 1",
    expect = FORBIDDEN,
    desc = "A variable that nobody needs is forgotten.")
@State
public class PacedWakeAgainstHangUp extends Race {
  private final CountingWaiter first = new CountingWaiter();
  private final CountingWaiter leaver = new CountingWaiter();
  private final CountingWaiter last = new CountingWaiter();

  public PacedWakeAgainstHangUp() {
    table.wait(first);
    table.wait(leaver);
    table.wait(last);
    table.set(EVENT, 60);
  }

  @Actor
  public void leave(LLLL_Result seen) {
    seen.r1 = table.leave(leaver);
    store.settle();
  }

  @Actor
  public void move() {
    pace();
  }

  @Arbiter
  public void end(LLLL_Result seen) {
    seen.r4 = leftBehind();
    seen.r2 = leaver.told();
    seen.r3 = first.told() + last.told();
  }
}
