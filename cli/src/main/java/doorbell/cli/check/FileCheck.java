package doorbell.cli.check;

import static doorbell.cli.check.Numbers.grouped;
import static doorbell.cli.check.Numbers.rounded;

import doorbell.cli.check.Finding.Need;
import doorbell.io.IoLimits;
import java.util.ArrayList;
import java.util.List;

/** The files that may be open: each client's socket is one. */
record FileCheck(Host host, long waits) {
  /** Files of a node itself, with some for each loop. */
  private static final long OWN = 200;

  /** What a node leaves to its store: an eighth of the files, within these bounds. */
  private static final long LEAST_OF_STORE = 48;

  private static final long MOST_OF_STORE = 1_000;
  private static final int SHARE_OF_STORE = 8;

  private static final String LIMITS = "/etc/security/limits.d/doorbell.conf";

  List<Finding> look() {
    List<Finding> all = new ArrayList<>();
    all.add(ofProcess());
    all.add(ofAnyProcess());
    all.add(ofSystem());
    return all;
  }

  private Finding ofProcess() {
    long soft = host.openFiles(false);
    long hard = host.openFiles(true);
    if (soft == Host.UNTOLD) {
      return Finding.untold("open files");
    }
    long needed = rounded(needed(waits));
    String text =
        "%s%s; a node for them needs %s (LimitNOFILE=%s in a unit of systemd)"
            .formatted(
                grouped(soft),
                hard > soft ? ", or " + grouped(hard) + " if the process asks" : "",
                grouped(needed(waits)),
                needed);
    String now =
        hard >= needed ? "ulimit -n " + needed : "sudo prlimit --pid $$ --nofile=" + needed;
    String forGood =
        "LimitNOFILE=%s below [Service] (sudo systemctl edit doorbell)\nor, without systemd:\n"
                .formatted(needed)
            + "echo '* - nofile %s' | sudo tee %s".formatted(needed, LIMITS);
    Mend mend = new Mend(now, forGood);
    return Finding.of(new Need(waits, most(soft)), "open files", text, mend);
  }

  private Finding ofAnyProcess() {
    String name = "fs.nr_open";
    long most = host.setting(name);
    return most == Host.UNTOLD
        ? Finding.untold(name)
        : Finding.of(
            new Need(waits, most(most)),
            name,
            grouped(most) + " for any process",
            Mend.setting(name, rounded(needed(waits))));
  }

  private Finding ofSystem() {
    String name = "fs.file-max";
    long most = host.setting(name);
    long taken = host.setting("fs.file-nr");
    if (most == Host.UNTOLD || taken == Host.UNTOLD) {
      return Finding.untold(name);
    }
    return Finding.of(
        new Need(waits, most(most - taken)),
        name,
        "%s for all processes, %s of them open".formatted(grouped(most), grouped(taken)),
        Mend.setting(name, rounded(taken + needed(waits))));
  }

  /** The files that a node with so many connections has open. */
  private static long needed(long waits) {
    long clients = waits + IoLimits.SPARE_FILES;
    long ofStore = Math.clamp(clients / (SHARE_OF_STORE - 1), LEAST_OF_STORE, MOST_OF_STORE);
    return clients + ofStore + OWN;
  }

  /** The connections that a node with so many files may have. */
  private static long most(long files) {
    long left = files - OWN;
    long ofStore = Math.clamp(left / SHARE_OF_STORE, LEAST_OF_STORE, MOST_OF_STORE);
    return left - ofStore - IoLimits.SPARE_FILES;
  }
}
