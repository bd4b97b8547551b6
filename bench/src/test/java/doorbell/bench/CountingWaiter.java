package doorbell.bench;

import doorbell.event.Waiter;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts how often it is told. */
final class CountingWaiter extends Waiter {
  private final AtomicInteger told = new AtomicInteger();

  CountingWaiter() {
    super(Race.EVENT);
  }

  int told() {
    return told.get();
  }

  @Override
  protected void wake() {
    told.incrementAndGet();
  }
}
