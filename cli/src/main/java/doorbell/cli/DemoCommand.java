package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the shared counter: a node, and an application on another port that knows no sockets. */
@Command(
    name = "demo",
    description = "Runs a shared counter: open it in two windows, click in one, watch the other.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true)
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8080",
      converter = Values.HostPort.class,
      description = "Where the node listens; port 0 is any free one.")
  private InetSocketAddress listen = InetSocketAddress.createUnresolved("127.0.0.1", 8080);

  @Option(
      names = "--app",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8000",
      converter = Values.HostPort.class,
      description = "Where the application listens.")
  private InetSocketAddress app = InetSocketAddress.createUnresolved("127.0.0.1", 8000);

  @Override
  public Integer call() throws IOException, InterruptedException {
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
        });
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
