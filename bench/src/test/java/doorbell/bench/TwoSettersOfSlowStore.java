package doorbell.bench;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLI_Result;

/** As {@link TwoSetters}, but each settles what the store owes to either. */
@JCStressTest
@JCStressMeta(TwoSetters.class)
@State
public class TwoSettersOfSlowStore extends Race {
  private final Answer one = new Answer();
  private final Answer other = new Answer();

  @Actor
  public void one() {
    one.of(table.set(EVENT, 0));
    store.settle();
  }

  @Actor
  public void other() {
    other.of(table.set(EVENT, 0));
    store.settle();
  }

  @Arbiter
  public void end(LLI_Result seen) {
    seen.r3 = leftBehind();
    seen.r1 = one.toString();
    seen.r2 = other.toString();
  }
}
