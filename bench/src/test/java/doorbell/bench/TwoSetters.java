package doorbell.bench;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLI_Result;

/** Two set at once, and the store keeps at once: one's answer, the other's answer, left behind. */
@JCStressTest
@Outcome(id = "true, false, 0", expect = ACCEPTABLE, desc = "The one was first.")
@Outcome(id = "false, true, 0", expect = ACCEPTABLE, desc = "The other was first.")
@Outcome(id = "true, true, .", expect = FORBIDDEN, desc = "Only one set is the first.")
@Outcome(id = "false, false, .", expect = FORBIDDEN, desc = "One set is the first.")
@Outcome(id = ".*(none|failed).*", expect = FORBIDDEN, desc = "Each set is answered.")
@Outcome(id = ".*, .*, 1", expect = FORBIDDEN, desc = "A variable that nobody needs is forgotten.")
@State
public class TwoSetters extends Race {
  private final Answer one = new Answer();
  private final Answer other = new Answer();

  public TwoSetters() {
    super(RaceStore.Habit.PROMPT);
  }

  @Actor
  public void one() {
    one.of(table.set(EVENT, 0));
  }

  @Actor
  public void other() {
    other.of(table.set(EVENT, 0));
  }

  @Arbiter
  public void end(LLI_Result seen) {
    seen.r3 = leftBehind();
    seen.r1 = one.toString();
    seen.r2 = other.toString();
  }
}
