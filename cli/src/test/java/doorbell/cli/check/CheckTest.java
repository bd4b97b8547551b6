package doorbell.cli.check;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.run.Verdict;
import doorbell.io.Transport;
import doorbell.store.RocksStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is found on hosts of all kinds, each a tree of files as Linux has it. */
class CheckTest {
  private static final long WAITS = 100_000;
  private static final long HEAP = 1 << 30;
  private static final long FITTING = 786_000;

  @TempDir private Path root;

  @BeforeEach
  void aHostThatCanHoldThem() throws IOException {
    limits(200_000, 200_000);
    setting("fs.nr_open", "1048576");
    setting("fs.file-max", "9223372036854775807");
    setting("fs.file-nr", "4194\t0\t9223372036854775807");
    setting("net.core.somaxconn", "4096");
    setting("net.ipv4.tcp_max_syn_backlog", "4096");
    setting("net.ipv4.tcp_syncookies", "1");
    setting("net.ipv4.tcp_tw_reuse", "2");
    setting("net.ipv4.ip_local_port_range", "32768\t60999");
    setting("net.netfilter.nf_conntrack_max", "262144");
    setting("net.netfilter.nf_conntrack_count", "12");
    setting("kernel.io_uring_disabled", "0");
    setting("vm.max_map_count", "65530");
    write("proc/meminfo", "MemTotal:  8000000 kB\nMemFree:  10 kB\nMemAvailable:  4000000 kB\n");
    write("proc/self/status", "Name:\tjava\nSeccomp:\t0\nSeccomp_filters:\t0\n");
    write("proc/self/cgroup", "0::/user.slice/doorbell.service\n");
  }

  @Test
  void aHostThatCanHoldThemHasNoCross() {
    Report report = report(WAITS);
    assertThat(report.isGood()).isTrue();
    assertThat(report.lines())
        .first()
        .isEqualTo("For 100,000 waits, each on a connection of its own:");
    assertThat(report.lines()).last().isEqualTo("This host can hold them.");
    assertThat(report.findings())
        .filteredOn(one -> one.verdict() != Verdict.GOOD)
        .extracting(Finding::what)
        .containsExactly("ports");
    assertThat(report(28_000).findings()).allMatch(one -> one.verdict() == Verdict.GOOD);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          fs.nr_open                       | 65536  | fs.nr_open        | 102000 | 64304
          fs.file-max                      | 80000  | fs.file-max       | 106000 | 74574
          net.core.somaxconn               | 128    | net.core.somaxconn | 4096  | 128
          net.netfilter.nf_conntrack_max   | 65536  | conntrack         | 201000 | 65524
          net.netfilter.nf_conntrack_count | 200000 | conntrack         | 400000 | 62144
          vm.max_map_count                 | 2048   | vm.max_map_count  | 65530  | 0
          """)
  void aSettingThatIsTooSmallIsACrossWithItsCommands(
      String name, String value, String what, String needed, long most) throws IOException {
    setting(name, value);
    Finding cross = cross(report(WAITS));
    String mended = name.replace("_count", what.equals("conntrack") ? "_max" : "_count");
    assertThat(cross.what()).isEqualTo(what);
    assertThat(cross.most()).isEqualTo(most);
    Mend mend = cross.mends().getFirst();
    assertThat(mend.now()).isEqualTo("sudo sysctl -w '" + mended + "=" + needed + "'");
    assertThat(mend.forGood())
        .startsWith("echo '" + mended + " = " + needed + "' | sudo tee -a /etc/sysctl.d/");
  }

  @Test
  void aProcessWithTooFewFilesIsToldHowToHaveMore() throws IOException {
    limits(1_024, 524_288);
    Finding soft = cross(report(WAITS));
    assertThat(soft.what()).isEqualTo("open files");
    assertThat(soft.text())
        .isEqualTo(
            "1,024, or 524,288 if the process asks; a node for them needs 101,232"
                + " (LimitNOFILE=102000 in a unit of systemd)");
    assertThat(soft.mends().getFirst().now()).isEqualTo("ulimit -n 102000");
    assertThat(soft.mends().getFirst().forGood())
        .startsWith("LimitNOFILE=102000 below [Service]")
        .endsWith("echo '* - nofile 102000' | sudo tee /etc/security/limits.d/doorbell.conf");
    limits(20_000, 20_000);
    Finding hard = cross(report(WAITS));
    assertThat(hard.mends().getFirst().now()).isEqualTo("sudo prlimit --pid $$ --nofile=102000");
    assertThat(hard.most()).isEqualTo(18_768);
    assertThat(cross(report(18_769)).most()).isEqualTo(18_768);
    assertThat(report(18_768).isGood()).isTrue();
    assertThat(report(WAITS).lines())
        .last()
        .isEqualTo("This host can't hold them; as it is, it can hold 18,768.");
  }

  @Test
  void aShortQueueOfHandshakesIsACrossOnlyWithoutCookies() throws IOException {
    setting("net.ipv4.tcp_max_syn_backlog", "128");
    assertThat(report(WAITS).isGood()).isTrue();
    setting("net.ipv4.tcp_syncookies", "0");
    Finding cross = cross(report(WAITS));
    assertThat(cross.what()).isEqualTo("net.ipv4.tcp_max_syn_backlog");
    assertThat(cross.mends()).containsExactly(Mend.setting("net.ipv4.tcp_max_syn_backlog", "4096"));
    assertThat(report(100).isGood()).as("a small crowd").isTrue();
  }

  @Test
  void theLimitsOfAProxysPortsAreANoteSinceThereMayBeNoProxy() throws IOException {
    Finding few = finding(report(60_000), "ports");
    assertThat(few.verdict()).isEqualTo(Verdict.NEITHER);
    assertThat(few.text())
        .contains("28,232 ports", "a Unix socket or several addresses", "docs/operating.md");
    assertThat(few.mends())
        .containsExactly(Mend.setting("net.ipv4.ip_local_port_range", "1024 65535"));
    assertThat(finding(report(WAITS), "ports").mends()).as("no range is large enough").isEmpty();
    setting("net.ipv4.tcp_tw_reuse", "0");
    Finding slow = finding(report(20_000), "ports");
    assertThat(slow.text()).contains("rests for 60 s");
    assertThat(slow.mends()).containsExactly(Mend.setting("net.ipv4.tcp_tw_reuse", "2"));
  }

  @Test
  void aHostWithoutAFirewallTracksNothing() throws IOException {
    Files.delete(root.resolve("proc/sys/net/netfilter/nf_conntrack_max"));
    assertThat(finding(report(WAITS), "conntrack").verdict()).isEqualTo(Verdict.GOOD);
    setting("net.netfilter.nf_conntrack_max", "0");
    assertThat(finding(report(WAITS), "conntrack").text()).contains("any number of connections");
  }

  @Test
  void aHeapThatIsTooSmallIsToldItsSize() {
    Finding heap = finding(report(800_000), "heap");
    assertThat(heap.verdict()).isEqualTo(Verdict.BAD);
    assertThat(heap.text()).contains("1,073 MB", "786,000 waits", "takes 256");
    assertThat(heap.mends())
        .containsExactly(
            new Mend(
                "JAVA_OPTS=-Xmx1044m doorbell serve",
                "Environment=JAVA_OPTS=-Xmx1044m below [Service]"));
  }

  @Test
  void memoryIsThatOfTheNodeAndOfItsSockets() throws IOException {
    write("proc/meminfo", "MemAvailable:   500000 kB\n");
    Finding cross = cross(report(WAITS));
    assertThat(cross.what()).isEqualTo("memory");
    assertThat(cross.text()).contains("512 MB to be had", "420 bytes a wait");
    assertThat(cross.mends().getFirst().now())
        .isEqualTo("doorbell serve --max-waits " + cross.most());
    assertThat(report(cross.most()).isGood()).isTrue();
    assertThat(report(cross.most() + 1).isGood()).isFalse();
  }

  @Test
  void aStoresOwnMemoryIsCounted() {
    Host host = new Host(root);
    Finding without = memory(new MemoryCheck(host, WAITS, HEAP, FITTING, 0));
    Finding with = memory(new MemoryCheck(host, WAITS, HEAP, FITTING, RocksStore.MOST_MEMORY));
    // Two tables of 64 MB, and a cache of 16.
    assertThat(RocksStore.MOST_MEMORY).isEqualTo(144 << 20);
    assertThat(without.text()).contains("takes 547 MB: ").endsWith("in the kernel");
    assertThat(with.text()).contains("takes 698 MB: ").endsWith("up to 150 MB of the store's");
    assertThat(without.most() - with.most()).isEqualTo((144 << 20) / (420 + 4_096));
  }

  private static Finding memory(MemoryCheck check) {
    return check.look().stream().filter(one -> one.what().equals("memory")).findFirst().get();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0::/a/b               | a/memory.max              | a/memory.current
          0::/a/b               | a/b/memory.max            | a/b/memory.current
          0::/                  | memory.max                | memory.current
          0::/../../a           | a/memory.max              | a/memory.current
          4:memory:/a/b         | memory/a/memory.limit_in_bytes | memory/a/memory.usage_in_bytes
          2:cpu,memory:/x       | memory/memory.limit_in_bytes   | memory/memory.usage_in_bytes
          """)
  void aContainersLimitCountsWhereverItIs(String group, String limit, String used)
      throws IOException {
    write("proc/self/cgroup", "1:cpuset:/\n" + group + "\n");
    write("sys/fs/cgroup/" + limit, "300000000");
    write("sys/fs/cgroup/" + used, "100000000");
    Finding cross = cross(report(WAITS));
    assertThat(cross.what()).isEqualTo("memory of the container");
    assertThat(cross.text()).contains("200 MB to be had");
    assertThat(cross.mends().getFirst().now()).contains("docker update --memory", "MemoryMax=");
    Path stat = root.resolve("sys/fs/cgroup").resolve(used).resolveSibling("memory.stat");
    boolean isFirst = group.contains("memory");
    Files.writeString(stat, (isFirst ? "total_" : "") + "inactive_file 90000000\n");
    assertThat(cross(report(WAITS)).text()).contains("290 MB to be had");
  }

  @ParameterizedTest
  @CsvSource({"max", "9223372036854771712"})
  void aGroupWithoutALimitIsNone(String none) throws IOException {
    write("proc/self/cgroup", "0::/a\n4:memory:/a\n");
    for (String version : List.of("a/memory.max", "memory/a/memory.limit_in_bytes")) {
      write("sys/fs/cgroup/" + version, none);
    }
    write("sys/fs/cgroup/a/memory.current", "1");
    write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1");
    assertThat(report(WAITS).findings()).noneMatch(one -> one.what().contains("container"));
  }

  @Test
  void theTransportIsToldAndWhyItIsNotIoUring() throws IOException {
    assertThat(transport(Transport.AUTO, Transport.IO_URING, null).text()).isEqualTo("io_uring");
    setting("kernel.io_uring_disabled", "2");
    Finding epoll = transport(Transport.AUTO, Transport.EPOLL, null);
    assertThat(epoll.verdict()).isEqualTo(Verdict.NEITHER);
    assertThat(epoll.text()).startsWith("epoll").endsWith("kernel.io_uring_disabled is 2");
    assertThat(epoll.mends()).containsExactly(Mend.setting("kernel.io_uring_disabled", 0));
    setting("kernel.io_uring_disabled", "0");
    write("proc/self/status", "Seccomp:\t2\n");
    Finding filtered = transport(Transport.AUTO, Transport.EPOLL, null);
    assertThat(filtered.text()).contains("a filter of system calls is on");
    assertThat(filtered.mends().getFirst().forGood()).contains("--security-opt seccomp=");
    Finding asked = transport(Transport.IO_URING, Transport.IO_URING, new IOException());
    assertThat(asked.verdict()).isEqualTo(Verdict.BAD);
    assertThat(asked.mends().getFirst().now()).isEqualTo("doorbell serve --transport auto");
    assertThat(transport(Transport.EPOLL, Transport.EPOLL, null).verdict()).isEqualTo(Verdict.GOOD);
    assertThat(transport(Transport.AUTO, Transport.NIO, null).text()).contains("more memory each");
  }

  /** The page says what this says of a host as Linux comes, for a million waits. */
  @Test
  void thePageForOperatingHasTheSameForAMillion() throws IOException {
    limits(1_024, 524_288);
    setting("fs.nr_open", "65536");
    setting("fs.file-max", "800000");
    setting("fs.file-nr", "4000");
    setting("net.core.somaxconn", "128");
    setting("net.ipv4.tcp_max_syn_backlog", "512");
    setting("net.ipv4.tcp_syncookies", "0");
    setting("net.netfilter.nf_conntrack_count", "0");
    List<String> page = Files.readAllLines(Path.of("..", "docs", "operating.md"));
    List<Finding> crosses =
        report(1_000_000).findings().stream()
            .filter(one -> one.verdict() == Verdict.BAD && !one.what().equals("memory"))
            .toList();
    assertThat(crosses).hasSize(7);
    for (Finding cross : crosses) {
      String forGood = cross.mends().getFirst().forGood().lines().findFirst().orElseThrow();
      String line = forGood.replaceFirst("echo '([^']*)'.*", "$1").replaceFirst(" below .*", "");
      assertThat(page).as(cross.what()).contains(line);
    }
  }

  @Test
  void aStoresDiskIsMeasuredAndNothingIsLeft() throws IOException {
    Path folder = Files.createDirectories(root.resolve("disk"));
    List<Finding> found = new StoreCheck(folder.resolve("not/yet")).look();
    assertThat(found).extracting(Finding::what).containsExactly("store", "sync");
    assertThat(found.get(0).text()).startsWith(folder.toString());
    assertThat(found.get(1).verdict()).isEqualTo(Verdict.NEITHER);
    assertThat(found.get(1).text()).matches("[0-9,]+ microseconds, the median of 10 .*");
    try (var left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aFolderThatNobodyMayWriteIsACross() throws IOException {
    // No user writes into /proc, not even root.
    List<Finding> found = new StoreCheck(Path.of("/proc/self/store")).look();
    assertThat(found).extracting(Finding::verdict).containsExactly(Verdict.BAD);
    assertThat(found.getFirst().text()).startsWith("/proc/self/store can't be written (in /proc/");
    assertThat(found.getFirst().mends().getFirst().now())
        .isEqualTo("sudo install -d -o \"$(id -un)\" '/proc/self/store', or another --store");
  }

  @Test
  void aSystemThatTellsNothingHasNotesAndNoCross() throws IOException {
    Host none = new Host(root.resolve("nothing"));
    assertThat(found(none, WAITS, Transport.EPOLL, null))
        .noneMatch(one -> one.verdict() == Verdict.BAD)
        .anyMatch(one -> one.text().equals("not told by this system"));
  }

  @Test
  void aLineIsNoLongerThanATerminalUnlessItIsACommandToPaste() throws IOException {
    limits(1_024, 1_024);
    List<String> lines = report(WAITS).lines();
    assertThat(lines)
        .filteredOn(line -> line.length() > 80)
        .allMatch(line -> line.startsWith("    "))
        .isNotEmpty();
    assertThat(lines)
        .containsSubsequence(
            "\u2717 open files: 1,024; a node for them needs 101,232 (LimitNOFILE=102000 in a unit",
            "  of systemd)",
            "    for good: LimitNOFILE=102000 below [Service] (sudo systemctl edit doorbell)",
            "              or, without systemd:",
            "              echo '* - nofile 102000' | sudo tee"
                + " /etc/security/limits.d/doorbell.conf");
  }

  @Test
  void aTerminalWithoutMarksHasWords() throws IOException {
    setting("net.core.somaxconn", "128");
    Report marks = report(WAITS);
    List<String> words = new Report(WAITS, marks.findings(), US_ASCII).lines();
    assertThat(marks.lines()).anyMatch(line -> line.startsWith("\u2717 net.core.somaxconn: 128 "));
    assertThat(marks.lines()).anyMatch(line -> line.startsWith("\u2713 open files: "));
    assertThat(words).anyMatch(line -> line.startsWith("BAD net.core.somaxconn: 128 "));
    assertThat(String.join("", words)).isASCII();
    assertThat(words)
        .containsSubsequence(
            "    now:      sudo sysctl -w 'net.core.somaxconn=4096'",
            "    for good: echo 'net.core.somaxconn = 4096' | sudo tee -a"
                + " /etc/sysctl.d/90-doorbell.conf");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theRealHostIsReadAsItIs() throws Exception {
    Host real = new Host(Path.of("/"));
    for (String name : List.of("fs.nr_open", "net.core.somaxconn", "vm.max_map_count")) {
      Process cat = new ProcessBuilder("cat", "/proc/sys/" + name.replace('.', '/')).start();
      String told = new String(cat.getInputStream().readAllBytes(), US_ASCII).strip();
      assertThat(real.setting(name)).as(name).isEqualTo(Long.parseLong(told));
    }
    assertThat(real.openFiles(true)).isGreaterThanOrEqualTo(real.openFiles(false));
    assertThat(real.openFiles(false)).isPositive();
    assertThat(real.availableMemory()).isGreaterThan(1 << 20);
    assertThat(new Cgroup(real).room()).isPositive();
  }

  private Report report(long waits) {
    return report(waits, Transport.IO_URING, null);
  }

  private Report report(long waits, Transport taken, @Nullable Throwable missing) {
    return new Report(waits, found(new Host(root), waits, taken, missing), UTF_8);
  }

  private static List<Finding> found(
      Host host, long waits, Transport taken, @Nullable Throwable missing) {
    List<Finding> all = new ArrayList<>(new FileCheck(host, waits).look());
    all.addAll(new NetworkCheck(host, waits).look());
    all.addAll(new MemoryCheck(host, waits, HEAP, FITTING, 0).look());
    all.addAll(new KernelCheck(host, Transport.AUTO, taken, missing).look(waits));
    return all;
  }

  private Finding transport(Transport asked, Transport taken, @Nullable Throwable missing) {
    return new KernelCheck(new Host(root), asked, taken, missing).look(1).getFirst();
  }

  /** The first thing that is bad. */
  private static Finding cross(Report report) {
    assertThat(report.isGood()).isFalse();
    return report.findings().stream()
        .filter(one -> one.verdict() == Verdict.BAD)
        .findFirst()
        .orElseThrow();
  }

  private static Finding finding(Report report, String what) {
    return report.findings().stream()
        .filter(one -> one.what().equals(what))
        .findFirst()
        .orElseThrow();
  }

  private void limits(int soft, int hard) throws IOException {
    write(
        "proc/self/limits",
        "Limit  Soft Limit  Hard Limit  Units\n"
            + "Max open files            %s                %s                files\n"
                .formatted(soft, hard));
  }

  private void setting(String name, String value) throws IOException {
    write("proc/sys/" + name.replace('.', '/'), value + "\n");
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
