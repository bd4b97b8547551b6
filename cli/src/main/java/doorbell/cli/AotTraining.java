package doorbell.cli;

import doorbell.cli.run.ExitCode;
import doorbell.cli.run.Logging;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * A training run, from which packaging has the JVM learn a start: a node of each store at once, and
 * all requests of a shell to these nodes. {@code script/train} ends the nodes.
 */
final class AotTraining {
  private AotTraining() {}

  /** {@code args}: serve and the directory of the RocksDB store, or ask and the nodes' URLs. */
  static void main(String[] args) throws IOException, InterruptedException {
    if (args[0].equals("serve")) {
      Thread.ofPlatform().start(() -> serve("memory"));
      Logging.choose(Logging.Format.TEXT);
      LoggerFactory.getLogger(AotTraining.class).info("a line, as a node in trouble writes one");
      serve("rocksdb:" + args[1]);
    }
    run(ExitCode.WELL, "new");
    run(ExitCode.WELL, "new", "--sealed");
    for (String node : List.of(args).subList(1, args.length)) {
      ask(node);
    }
  }

  private static void serve(String store) {
    System.exit(Main.run("serve", "--listen", "127.0.0.1:0", "--store", store, "--drain", "0s"));
  }

  private static void ask(String node) throws IOException, InterruptedException {
    Thread waiter = Thread.ofPlatform().start(() -> run(ExitCode.WELL, "wait", node + "/2"));
    // Meanwhile, the waiter is parked.
    run(ExitCode.NOT_IN_TIME, "wait", node + "/1", "--timeout", "500ms");
    run(ExitCode.WELL, "set", node + "/2");
    waiter.join();
    run(ExitCode.WELL, "wait", node + "/2", "--timeout", "0");
    HttpRequest page = HttpRequest.newBuilder(URI.create(node + "/")).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      client.send(page, BodyHandlers.discarding());
    }
  }

  private static void run(int ending, String... words) {
    if (Main.run(words) != ending) {
      throw new IllegalStateException("not as expected: " + String.join(" ", words));
    }
  }
}
