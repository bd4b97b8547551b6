package doorbell.cli;

import java.util.concurrent.CountDownLatch;

/** How a running command ends: by Ctrl-C or SIGTERM, in order, with exit code 0. */
final class Ending {
  private Ending() {}

  /** Has {@code close} called when the process is told to end, and waited for. */
  static void at(Runnable close) {
    Thread hook =
        new Thread(
            () -> {
              close.run();
              // An end in order is no failure; the JVM alone would say 143.
              Runtime.getRuntime().halt(Main.WELL);
            },
            "doorbell-end");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Blocks for as long as the process runs. */
  static int await() throws InterruptedException {
    new CountDownLatch(1).await();
    return Main.WELL;
  }
}
