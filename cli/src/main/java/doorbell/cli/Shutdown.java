package doorbell.cli;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

/**
 * The end of a running command: by Ctrl-C or SIGTERM, in order, with exit code 0; or at once, with
 * {@link Main#BROKEN}, when the node can't go on.
 */
final class Shutdown {
  private Shutdown() {}

  /**
   * Calls {@code close}, and waits for the return, when the process is told to end. When {@code
   * failure} completes, the process ends without {@code close}: a supervisor should start the
   * process again.
   */
  static void at(Runnable close, CompletionStage<Throwable> failure) {
    failure.thenAccept(Shutdown::breakDown);
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

  /**
   * A broken node ends without closing, which might need the broken part. Acknowledged sets are
   * kept, as after kill -9.
   */
  private static void breakDown(Throwable reason) {
    try {
      System.err.println("doorbell: the node can't go on and ends: " + reason);
    } finally {
      Runtime.getRuntime().halt(Main.BROKEN);
    }
  }

  /** Blocks as long as the process runs. */
  static int await() throws InterruptedException {
    new CountDownLatch(1).await();
    return Main.WELL;
  }
}
