package doorbell.store;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A server of a test's own. It ends with the tests, however those end. */
public final class ServerProcess {
  /** Ports that no system gives to whoever connects: they stay free while the server is away. */
  private static final int FIRST_PORT = 20_000;

  private static final int LAST_PORT = 32_000;

  private static final int PORTS_TRIED = 20;

  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly)));
  }

  private final Process process;

  private ServerProcess(Process process) {
    this.process = process;
    RUNNING.add(process);
  }

  /** Starts one in a folder, where its log is, and waits until it is ready; fails with its log. */
  public static ServerProcess start(List<String> command, Path folder, Callable<Boolean> isReady)
      throws IOException {
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    ServerProcess server = new ServerProcess(process);
    try {
      await().atMost(1, TimeUnit.MINUTES).until(() -> !process.isAlive() || isReady.call());
    } catch (RuntimeException | Error e) {
      server.end();
      throw e;
    }
    if (!process.isAlive()) {
      server.end();
      throw new IOException(Files.readString(log));
    }
    return server;
  }

  public static int freePort() throws IOException {
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < PORTS_TRIED; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      try {
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
        return port;
      } catch (IOException taken) {
        last = taken;
      }
    }
    throw last;
  }

  /** Sends a signal by its name, as STOP or CONT, to the server and all that serve a client. */
  public void signal(String name) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    command.add(Long.toString(process.pid()));
    process.descendants().forEach(one -> command.add(Long.toString(one.pid())));
    new ProcessBuilder(command).start().waitFor();
  }

  /** Has the server end by a signal, and waits for that. */
  public void end(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    awaitEnd();
  }

  /** Ends it as kill -9 does, and all that serve a client. */
  public void end() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    awaitEnd();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  private void awaitEnd() {
    process.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    RUNNING.remove(process);
  }
}
