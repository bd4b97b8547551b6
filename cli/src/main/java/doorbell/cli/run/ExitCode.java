package doorbell.cli.run;

/** What a command's process ends with. */
public final class ExitCode {
  public static final int WELL = 0;
  public static final int NOT_IN_TIME = 1;

  /** What was examined lacks something, as the report says. */
  public static final int LACKING = 1;

  /** An error, told on standard error. */
  public static final int ERROR = 2;

  /** A node that can't go on: EX_SOFTWARE of sysexits.h. */
  public static final int BROKEN = 70;

  /** None yet: the process goes on until it is told to end. */
  public static final int NONE_YET = -1;

  private ExitCode() {}
}
