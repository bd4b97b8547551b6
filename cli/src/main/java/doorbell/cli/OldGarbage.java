package doorbell.cli;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.Optional;

/**
 * Has old garbage collected when it is as much as what lives. Each wait that was parked for a while
 * becomes such garbage, and by itself the serial collector lets it pile up to all the heap that it
 * may take, a quarter of the machine's memory. {@code -XX:+DisableExplicitGC} turns this off.
 */
final class OldGarbage {
  /** So much may lie there, however little lives. */
  static final long LEAST = 24L << 20;

  private static final long LOOKS_EACH_MILLIS = 1_000;

  private final MemoryPoolMXBean old;

  private OldGarbage(MemoryPoolMXBean old) {
    this.old = old;
  }

  /** Looks once a second, as long as the process lives. Other collectors see to theirs. */
  static void watch() {
    Thread.ofPlatform().daemon().name("doorbell-garbage").start(OldGarbage::lookForever);
  }

  static Optional<OldGarbage> ofSerialCollector() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Tenured Gen"))
        .findFirst()
        .map(OldGarbage::new);
  }

  private static void lookForever() {
    try {
      Thread.sleep(LOOKS_EACH_MILLIS);
      Optional<OldGarbage> garbage = ofSerialCollector();
      while (garbage.isPresent()) {
        garbage.get().look();
        Thread.sleep(LOOKS_EACH_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("DoNotCall") // Nobody else knows when it is due.
  void look() {
    MemoryUsage afterLast = old.getCollectionUsage();
    long lived = afterLast == null ? 0 : afterLast.getUsed();
    if (old.getUsage().getUsed() - lived > Math.max(lived, LEAST)) {
      System.gc();
    }
  }
}
