package doorbell.cli.check;

import static doorbell.cli.check.Numbers.grouped;

import doorbell.cli.check.Finding.Need;
import doorbell.io.IoLimits;
import java.util.List;

/** The kernel's tables of connections, and the ports that a proxy on the same host has. */
record NetworkCheck(Host host, long waits) {
  private static final String PORTS = "net.ipv4.ip_local_port_range";
  private static final String REUSE = "net.ipv4.tcp_tw_reuse";
  private static final String TRACKED = "net.netfilter.nf_conntrack_max";
  private static final int LEAST_PORT = 1_024;
  private static final int MOST_PORT = 65_535;

  List<Finding> look() {
    return List.of(backlog(), halfOpen(), ports(), tracked());
  }

  /** A crowd that was woken comes back at once; fewer waits need a shorter queue. */
  private long queue() {
    return Math.min(waits, IoLimits.ACCEPT_BACKLOG);
  }

  private Finding backlog() {
    String name = "net.core.somaxconn";
    long most = host.setting(name);
    return most == Host.UNTOLD
        ? Finding.untold(name)
        : Finding.of(
            ofQueue(most),
            name,
            "%s clients may wait to be accepted; a crowd that comes back at once needs %s"
                .formatted(grouped(most), grouped(queue())),
            Mend.setting(name, IoLimits.ACCEPT_BACKLOG));
  }

  private Finding halfOpen() {
    String name = "net.ipv4.tcp_max_syn_backlog";
    long most = host.setting(name);
    if (most == Host.UNTOLD) {
      return Finding.untold(name);
    }
    boolean hasCookies = host.setting("net.ipv4.tcp_syncookies") > 0;
    String text =
        grouped(most) + " handshakes may be under way" + (hasCookies ? ", more by cookies" : "");
    return hasCookies
        ? Finding.good(name, text)
        : Finding.of(ofQueue(most), name, text, Mend.setting(name, IoLimits.ACCEPT_BACKLOG));
  }

  private Need ofQueue(long most) {
    return new Need(waits, most >= IoLimits.ACCEPT_BACKLOG ? Long.MAX_VALUE : most);
  }

  /** A note, since nothing here tells whether there is a proxy. */
  private Finding ports() {
    String range = host.text("proc/sys/" + PORTS.replace('.', '/'));
    if (range == null || !range.matches("[0-9]{1,5}\\s+[0-9]{1,5}")) {
      return Finding.untold(PORTS);
    }
    String[] ends = range.split("\\s+", 2);
    int ports = Integer.parseInt(ends[1]) - Integer.parseInt(ends[0]) + 1;
    String text =
        "a proxy on this host has %s ports, each for a wait at one address of the node"
            .formatted(grouped(ports));
    boolean isEnough = waits <= ports;
    if (isEnough && host.setting(REUSE) != 0) {
      return Finding.good("ports", text);
    }
    return isEnough ? slowPorts(text) : fewPorts(text);
  }

  private Finding slowPorts(String text) {
    return Finding.note(
        "ports",
        text + "; each rests for 60 s after its connection, since " + REUSE + " is 0",
        Mend.setting(REUSE, 2));
  }

  private Finding fewPorts(String text) {
    String more = "; for more take a Unix socket or several addresses (docs/operating.md)";
    return waits <= MOST_PORT - LEAST_PORT + 1
        ? Finding.note("ports", text + more, Mend.setting(PORTS, LEAST_PORT + " " + MOST_PORT))
        : Finding.note("ports", text + more);
  }

  /** A connection through a proxy on the same host is tracked twice: from a client, and to us. */
  private Finding tracked() {
    long most = host.setting(TRACKED);
    long taken = host.setting("net.netfilter.nf_conntrack_count");
    if (most == Host.UNTOLD || taken == Host.UNTOLD) {
      return Finding.good("conntrack", "no firewall here tracks connections");
    }
    Mend setting = Mend.setting(TRACKED, Numbers.rounded(taken + 2 * waits));
    Mend mend =
        new Mend(
            setting.now(),
            setting.forGood()
                + " && echo nf_conntrack | sudo tee /etc/modules-load.d/doorbell.conf");
    return Finding.of(
        new Need(waits, most == 0 ? Long.MAX_VALUE : most - taken),
        "conntrack",
        "the firewall tracks %s connections at most, and has %s"
            .formatted(most == 0 ? "any number of" : grouped(most), grouped(taken)),
        mend);
  }
}
