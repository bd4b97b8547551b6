package doorbell.cli.check;

import static doorbell.cli.check.Numbers.grouped;
import static doorbell.cli.check.Numbers.mebibytes;
import static doorbell.cli.check.Numbers.megabytes;

import doorbell.cli.check.Finding.Need;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether the heap has room for so many waits, and the machine and the container for the node and
 * for the kernel's sockets. The figures: docs/performance/memory.md, and the lab notes there.
 *
 * @param heap bytes of the largest heap
 * @param fitting the waits that a node parks in it by default
 * @param ofStore the most bytes that the store takes besides
 */
record MemoryCheck(Host host, long waits, long heap, long fitting, long ofStore) {
  /** Resident bytes of a wait in the node, measured. */
  private static final long RESIDENT = 420;

  /** Bytes of the kernel for a connection that is silent: 3,931 measured, rounded up. */
  private static final long KERNEL = 4_096;

  /** Bytes of a node before the first wait. */
  private static final long NODE = 96_000_000;

  /** Bytes of heap for a wait: a node parks waits in 3/8 of its heap, and counts 512 for each. */
  private static final long HEAP_OF_WAIT = 1_366;

  /** What the collector keeps to itself of the largest heap. */
  private static final long OF_COLLECTOR = 1 << 20;

  List<Finding> look() {
    List<Finding> all = new ArrayList<>(List.of(ofHeap(), ofMachine()));
    long room = new Cgroup(host).room();
    if (room != Long.MAX_VALUE) {
      all.add(ofContainer(room));
    }
    return all;
  }

  private Finding ofHeap() {
    String flag = "JAVA_OPTS=-Xmx" + mebibytes(waits * HEAP_OF_WAIT + OF_COLLECTOR) + "m";
    return Finding.of(
        new Need(waits, fitting),
        "heap",
        "%s have room for %s waits at 512 bytes, the worst; over HTTP/1.1 one takes 256"
            .formatted(megabytes(heap), grouped(fitting)),
        new Mend(flag + " doorbell serve", "Environment=" + flag + " below [Service]"));
  }

  private Finding ofMachine() {
    long room = host.availableMemory();
    if (room == Host.UNTOLD) {
      return Finding.untold("memory");
    }
    long missing = Math.max(0, needed() - room);
    return Finding.of(
        new Need(waits, most(room)),
        "memory",
        megabytes(room) + " to be had" + told(),
        new Mend(
            "doorbell serve --max-waits " + Math.max(1, most(room)),
            "a machine with " + mebibytes(missing) + " MB more"));
  }

  private Finding ofContainer(long room) {
    String size = mebibytes(Math.max(0, needed() - room)) + " MB more";
    return Finding.of(
        new Need(waits, most(room)),
        "memory of the container",
        megabytes(room) + " to be had below its limit" + told(),
        new Mend(
            "docker update --memory SIZE NAME, or sudo systemctl set-property --runtime NAME"
                + " MemoryMax=SIZE, with "
                + size,
            "docker run --memory SIZE, or MemoryMax=SIZE below [Service]"));
  }

  private String told() {
    String store = ofStore == 0 ? "" : ", and up to " + megabytes(ofStore) + " of the store's";
    return "; a node for them takes %s: %s bytes a wait, with %s more in the kernel%s"
        .formatted(megabytes(needed()), grouped(RESIDENT), grouped(KERNEL), store);
  }

  private long needed() {
    return NODE + ofStore + waits * (RESIDENT + KERNEL);
  }

  private long most(long room) {
    return (room - NODE - ofStore) / (RESIDENT + KERNEL);
  }
}
