package doorbell.cli.run;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Collects old garbage when there is more garbage than live memory. Each wait that was parked for a
 * while becomes old garbage, and the serial collector alone lets old garbage pile up to the largest
 * heap, a quarter of the machine's memory. Memory that was alive at the last collection may be
 * garbage since then: a crowd of waits may have left. So the node's own account of memory held for
 * clients counts too. {@code -XX:+DisableExplicitGC} turns this off.
 */
public final class OldGenCollector {
  /** Bytes of garbage that may lie there, however little is alive. */
  static final long LEAST = 24L << 20;

  private static final long LOOKS_EACH_MILLIS = 1_000;

  private final MemoryPoolMXBean old;
  private final LongSupplier held;

  /** Bytes alive after the last collection. */
  private long lived;

  /** Bytes held for clients at the last collection and at the last look. */
  private long heldThen;

  private long heldBefore;

  private OldGenCollector(MemoryPoolMXBean old, LongSupplier held) {
    this.old = old;
    this.held = held;
  }

  /**
   * Looks at the garbage once a second, as long as the process lives. Collectors other than the
   * serial collector need no help.
   *
   * @param held about how many bytes clients make the node hold
   */
  public static void watch(LongSupplier held) {
    Thread.ofPlatform().daemon().name("doorbell-garbage").start(() -> lookForever(held));
  }

  static Optional<OldGenCollector> ofSerialCollector(LongSupplier held) {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals("Tenured Gen"))
        .findFirst()
        .map(pool -> new OldGenCollector(pool, held));
  }

  private static void lookForever(LongSupplier held) {
    try {
      Thread.sleep(LOOKS_EACH_MILLIS);
      Optional<OldGenCollector> garbage = ofSerialCollector(held);
      while (garbage.isPresent()) {
        garbage.get().look();
        Thread.sleep(LOOKS_EACH_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("DoNotCall") // Nobody else knows when a collection is due.
  void look() {
    long now = held.getAsLong();
    long alive = aliveAfterLast();
    if (alive != lived) { // A collection since the last look, with held bytes between the two.
      lived = alive;
      heldThen = Math.max(heldBefore, now);
    }
    heldBefore = now;
    long lives = Math.max(0, lived - Math.max(0, heldThen - now));
    if (old.getUsage().getUsed() - lives > Math.max(lives, LEAST)) {
      System.gc();
      lived = aliveAfterLast();
      heldThen = now;
    }
  }

  private long aliveAfterLast() {
    MemoryUsage afterLast = old.getCollectionUsage();
    return afterLast == null ? 0 : afterLast.getUsed();
  }
}
