package doorbell.cli;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

/**
 * How a running command ends: by Ctrl-C or SIGTERM, in order, with exit code 0; or at once, with
 * {@link Main#BROKEN}, when its node can't go on.
 */
final class Shutdown {
  private Shutdown() {}

  /**
   * Has {@code close} called when the process is told to end, and waited for. When {@code failure}
   * completes, the process ends without it: whoever watches over it should start it again.
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
   * What was acknowledged is kept, as after kill -9. To close in order might take what is broken.
   */
  private static void breakDown(Throwable reason) {
    try {
      System.err.println("doorbell: the node can't go on and ends: " + reason);
    } finally {
      Runtime.getRuntime().halt(Main.BROKEN);
    }
  }

  /** Blocks for as long as the process runs. */
  static int await() throws InterruptedException {
    new CountDownLatch(1).await();
    return Main.WELL;
  }
}
