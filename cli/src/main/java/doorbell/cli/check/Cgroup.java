package doorbell.cli.check;

import java.nio.file.Path;

/** The memory that the control groups of this process leave to it, as a container's limit. */
record Cgroup(Host host) {
  private static final String GROUPS = "proc/self/cgroup";
  private static final String TREE = "sys/fs/cgroup";

  /** The files of a version of cgroups, and the line that names what the kernel can take back. */
  private record Version(String tree, String limit, String used, String cache) {}

  private static final Version ONE =
      new Version(
          TREE + "/memory",
          "memory.limit_in_bytes",
          "memory.usage_in_bytes",
          "total_inactive_file");

  private static final Version TWO =
      new Version(TREE, "memory.max", "memory.current", "inactive_file");

  /**
   * Bytes that may still be taken: those of the narrowest group, from this process's up to the
   * root; {@link Long#MAX_VALUE} if no group has a limit.
   */
  long room() {
    String groups = host.text(GROUPS);
    if (groups == null) {
      return Long.MAX_VALUE;
    }
    long room = Long.MAX_VALUE;
    for (String line : groups.lines().toList()) {
      String[] parts = line.split(":", 3); // number, controllers, path
      if (parts.length == 3 && parts[1].isEmpty()) {
        room = Math.min(room, room(TWO, parts[2]));
      } else if (parts.length == 3 && parts[1].matches("(.*,)?memory(,.*)?")) {
        room = Math.min(room, room(ONE, parts[2]));
      }
    }
    return room;
  }

  /** A container sees its own group as the root, whatever its path is outside. */
  private long room(Version version, String path) {
    long room = Long.MAX_VALUE;
    for (Path group = Path.of("/", path).normalize(); group != null; group = group.getParent()) {
      room = Math.min(room, roomIn(version, version.tree + group));
    }
    return room;
  }

  private long roomIn(Version version, String group) {
    long limit = host.number(group + "/" + version.limit);
    long used = host.number(group + "/" + version.used);
    if (limit == Host.UNTOLD || limit == Long.MAX_VALUE || used == Host.UNTOLD) {
      return Long.MAX_VALUE;
    }
    String cache = host.line(group + "/memory.stat", version.cache + " ");
    long cached = cache == null ? 0 : Math.max(0, Host.number(cache, 1));
    return Math.max(0, limit - Math.max(0, used - cached));
  }
}
