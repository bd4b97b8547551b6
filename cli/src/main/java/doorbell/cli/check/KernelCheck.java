package doorbell.cli.check;

import static doorbell.cli.check.Numbers.grouped;

import doorbell.cli.check.Finding.Need;
import doorbell.cli.run.Verdict;
import doorbell.io.Transport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What will carry the sockets, and why; and the maps of memory that a process may have.
 *
 * @param asked the transport that is asked for
 * @param taken the transport that a node would take
 * @param missing the reason that it can't be taken; null if it can
 */
record KernelCheck(Host host, Transport asked, Transport taken, @Nullable Throwable missing) {
  private static final String DISABLED = "kernel.io_uring_disabled";
  private static final String MAPS = "vm.max_map_count";

  /** Maps of a node, whatever it holds: libraries, stacks, parts of the heap, tables. */
  private static final long MAPS_OF_NODE = 4_096;

  List<Finding> look(long waits) {
    return List.of(transport(), maps(waits));
  }

  private Finding transport() {
    String name = "transport";
    if (missing != null) {
      return new Finding(
          Verdict.BAD, name, taken + " doesn't work here" + why(), 0, List.of(mend()));
    }
    return asked != Transport.AUTO || taken == Transport.IO_URING
        ? Finding.good(name, taken.toString())
        : Finding.note(name, taken + besides() + "; io_uring doesn't work here" + why(), mend());
  }

  private String besides() {
    return taken == Transport.NIO
        ? ", whose connections take more memory each"
        : ", which holds as many";
  }

  private String why() {
    long disabled = host.setting(DISABLED);
    return disabled > 0
        ? ": " + DISABLED + " is " + disabled
        : host.isFiltered() ? ": a filter of system calls is on, as in a container" : "";
  }

  private Mend mend() {
    String auto = "doorbell serve --transport auto";
    return host.setting(DISABLED) > 0
        ? Mend.setting(DISABLED, 0)
        : host.isFiltered()
            ? new Mend(auto, "docker run --security-opt seccomp=FILE, which allows io_uring_*")
            : new Mend(auto, "a newer kernel, which has io_uring");
  }

  private Finding maps(long waits) {
    long most = host.setting(MAPS);
    return most == Host.UNTOLD
        ? Finding.untold(MAPS)
        : Finding.of(
            new Need(waits, most < MAPS_OF_NODE ? 0 : Long.MAX_VALUE),
            MAPS,
            grouped(most) + " maps of memory; a node has some hundred, however many waits it holds",
            Mend.setting(MAPS, 65_530));
  }
}
