package doorbell.cli.check;

/**
 * What mends a fault of a host, in lines.
 *
 * @param now a command, or a few, whose effect ends with the next start of the machine, the
 *     container or the shell
 * @param forGood what makes it so from the next start on
 */
record Mend(String now, String forGood) {
  private static final String FILE = "/etc/sysctl.d/90-doorbell.conf";

  /** The mend of a setting of the kernel. */
  static Mend setting(String name, Object value) {
    return new Mend(
        "sudo sysctl -w '%s=%s'".formatted(name, value),
        "echo '%s = %s' | sudo tee -a %s".formatted(name, value, FILE));
  }
}
