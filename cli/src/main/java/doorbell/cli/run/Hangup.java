package doorbell.cli.run;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;

/**
 * The signal SIGHUP makes a node reload. A node whose terminal has gone ends as ever. Under nohup
 * the JVM leaves the signal ignored.
 */
public final class Hangup {
  private Hangup() {}

  public static void reloads(Runnable reload) {
    boolean hadTerminal = hasTerminal();
    Runnable action =
        () -> {
          if (hadTerminal && !hasTerminal()) {
            System.exit(ExitCode.WELL);
          }
          reload.run();
        };
    try {
      handle("HUP", action);
    } catch (ReflectiveOperationException e) {
      // -Xrs leaves signals to the system, and there are systems without SIGHUP.
    }
  }

  /**
   * Handles a signal by reflection, since the compiler warns of sun.misc.Signal, and there is no
   * other way.
   */
  private static void handle(String name, Runnable action) throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Signal");
    Class<?> handlers = Class.forName("sun.misc.SignalHandler");
    Object handler =
        Proxy.newProxyInstance(
            handlers.getClassLoader(),
            new Class<?>[] {handlers},
            (proxy, method, values) -> {
              action.run();
              return null;
            });
    Object signal = type.getConstructor(String.class).newInstance(name);
    type.getMethod("handle", type, handlers).invoke(null, signal, handler);
  }

  private static boolean hasTerminal() {
    try (FileInputStream terminal = new FileInputStream("/dev/tty")) {
      return terminal.getFD().valid();
    } catch (IOException e) {
      return false;
    }
  }
}
