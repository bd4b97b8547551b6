package doorbell.bench;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressMeta;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LLI_Result;

/**
 * As {@link TwoSetters}, but one waits before, so that its set may be called new: wrongly never.
 */
@JCStressTest
@JCStressMeta(TwoSetters.class)
@State
public class WaitAndSetAgainstSet extends Race {
  private final CountingWaiter waiter = new CountingWaiter();
  private final Answer one = new Answer();
  private final Answer other = new Answer();

  @Actor
  public void waitAndSet() {
    look(waiter);
    one.of(table.set(EVENT, 0));
    store.settle();
  }

  @Actor
  public void set() {
    other.of(table.set(EVENT, 0));
    store.settle();
  }

  @Arbiter
  public void end(LLI_Result seen) {
    table.leave(waiter);
    seen.r3 = leftBehind();
    seen.r1 = one.toString();
    seen.r2 = other.toString();
  }
}
