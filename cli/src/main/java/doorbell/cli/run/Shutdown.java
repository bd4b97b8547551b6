package doorbell.cli.run;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;

/**
 * The end of a running command: by Ctrl-C or SIGTERM, in order, with exit code 0; or at once, with
 * {@link ExitCode#BROKEN}, when the node can't go on.
 */
public final class Shutdown {
  private Shutdown() {}

  /**
   * Calls {@code close}, and waits for the return, when the process is told to end. When {@code
   * failure} completes, the process ends without {@code close}: a supervisor should start the
   * process again.
   */
  public static void at(Runnable close, CompletionStage<Throwable> failure) {
    failure.thenAccept(Shutdown::breakDown);
    Thread hook =
        new Thread(
            () -> {
              close.run();
              // An end in order is no failure; the JVM alone would say 143.
              Runtime.getRuntime().halt(ExitCode.WELL);
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
      Runtime.getRuntime().halt(ExitCode.BROKEN);
    }
  }

  /** Blocks as long as the process runs. */
  public static int await() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ExitCode.WELL;
  }
}
