package doorbell.cli.check;

/** Numbers as people read them, alike in every locale. */
final class Numbers {
  private static final long MEGABYTE = 1_000_000;
  private static final long ROUND = 1_000;

  private Numbers() {}

  /** With a comma before each three digits. */
  static String grouped(long number) {
    return number == Long.MAX_VALUE
        ? "any number"
        : Long.toString(number).replaceAll("\\B(?=([0-9]{3})+$)", ",");
  }

  static String megabytes(long bytes) {
    return bytes == Long.MAX_VALUE ? "any number of MB" : grouped(bytes / MEGABYTE) + " MB";
  }

  /** The next whole thousand: a limit that somebody reads again. */
  static long rounded(long number) {
    return (number + ROUND - 1) / ROUND * ROUND;
  }

  /** The whole megabytes of 1,048,576 bytes that hold so many, as {@code -Xmx} has them. */
  static long mebibytes(long bytes) {
    return (bytes >> 20) + 1;
  }
}
