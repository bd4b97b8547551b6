package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;

/** Runs the shared counter: a node, and an application on another port that knows no sockets. */
final class DemoCommand {
  static final Command COMMAND =
      new Command(
          "demo",
          "Runs a shared counter: open it in two windows, click in one, watch the other.",
          null,
          List.of(
              Option.of("--listen", "HOST:PORT", "Where the node listens; port 0 is any free one.")
                  .or("127.0.0.1:8080"),
              Option.of("--app", "HOST:PORT", "Where the application listens.")
                  .or("127.0.0.1:8000")),
          DemoCommand::run);

  private DemoCommand() {}

  private static int run(Arguments given) throws InterruptedException {
    InetSocketAddress listen = given.address("--listen");
    InetSocketAddress app = given.address("--app");
    Doorbell node = Doorbell.start(options(listen));
    String url = Values.url(node.address());
    Counter counter;
    try {
      counter = Counter.start(app, URI.create(url));
    } catch (IOException e) {
      node.close();
      throw new IllegalStateException(
          "can't listen on " + app + "; choose another address with --app HOST:PORT", e);
    }
    Ending.at(
        () -> {
          counter.close();
          node.close();
        },
        node.failure());
    System.out.println("doorbell: listening on " + url);
    System.out.println("counter: open " + Values.url(counter.address()) + " in two windows");
    return Ending.await();
  }

  /** As by default, but for a demo nothing is kept and the end is quick. */
  private static Options options(InetSocketAddress listen) {
    Options usual = Options.defaults();
    return new Options(
        usual.http().at(listen), "memory", usual.remember(), usual.sync(), Duration.ofSeconds(1));
  }
}
