package doorbell.cli.run;

import java.io.FileInputStream;
import java.io.IOException;
import java.lang.invoke.CallSite;
import java.lang.invoke.LambdaMetafactory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.function.Consumer;

/**
 * The signal SIGHUP makes a node reload. A node whose terminal has gone ends as ever. Under nohup
 * the JVM leaves the signal ignored.
 */
public final class Hangup {
  private Hangup() {}

  public static void reloads(Runnable reload) {
    boolean hadTerminal = hasTerminal();
    Consumer<Object> action =
        signal -> {
          if (hadTerminal && !hasTerminal()) {
            System.exit(ExitCode.WELL);
          }
          reload.run();
        };
    try {
      handle("HUP", action);
    } catch (Throwable e) {
      // -Xrs leaves signals to the system, and there are systems without SIGHUP.
    }
  }

  /**
   * Handles a signal by reflection, since the compiler warns of sun.misc.Signal, and there is no
   * other way. The handler is made as a lambda is: the classes that make a Proxy, and its own,
   * would cost each start about two milliseconds.
   */
  private static void handle(String name, Consumer<Object> action) throws Throwable {
    Class<?> type = Class.forName("sun.misc.Signal");
    Class<?> handlers = Class.forName("sun.misc.SignalHandler");
    MethodHandles.Lookup here = MethodHandles.lookup();
    MethodType handled = MethodType.methodType(void.class, type);
    MethodType accepted = MethodType.methodType(void.class, Object.class);
    CallSite site =
        LambdaMetafactory.metafactory(
            here,
            "handle",
            MethodType.methodType(handlers, Consumer.class),
            handled,
            here.findVirtual(Consumer.class, "accept", accepted),
            handled);
    Object handler = site.getTarget().invoke(action);
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
