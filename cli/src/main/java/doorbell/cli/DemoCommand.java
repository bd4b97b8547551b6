package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Option;
import doorbell.OptionType;
import doorbell.Options;
import doorbell.cli.options.Arguments;
import doorbell.cli.options.Command;
import doorbell.cli.run.ExitCode;
import doorbell.cli.run.Shutdown;
import doorbell.client.EventId;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/**
 * The command that runs the shared counter: a node, and an application on another port that knows
 * no sockets.
 */
final class DemoCommand {
  private static final Option<InetSocketAddress> LISTEN =
      Option.of(
              "listen",
              OptionType.ADDRESS,
              "Where the node listens; port 0 is any free one. If a node has the usual port"
                  + " already, the demo asks that one.")
          .or("127.0.0.1:8080");

  private static final Option<InetSocketAddress> APP =
      Option.of("app", OptionType.ADDRESS, "Where the application listens.").or("127.0.0.1:8000");

  static final Command COMMAND =
      new Command(
          "demo",
          "Runs a shared counter: open it in two windows, click in one, watch the other.",
          null,
          List.of(LISTEN, APP),
          DemoCommand::run);

  /**
   * The node that the application asks; {@code close} ends the node only if the node is the demo's
   * own.
   */
  record Bell(String whose, String url, Runnable close, CompletionStage<Throwable> failure) {}

  private DemoCommand() {}

  private static int run(Arguments given) {
    InetSocketAddress app = given.get(APP);
    Bell bell = bell(given.get(LISTEN), given.isSaid(LISTEN));
    Counter counter;
    try {
      counter = counter(app, given.isSaid(APP), URI.create(bell.url));
    } catch (IOException e) {
      bell.close.run();
      throw new IllegalStateException(
          "can't listen on " + given.text(APP) + "; choose another address with --app HOST:PORT",
          e);
    }
    Shutdown.at(
        () -> {
          counter.close();
          bell.close.run();
        },
        bell.failure);
    System.out.println("doorbell: " + bell.whose + " " + bell.url);
    System.out.println("counter: open " + NodeUrl.of(counter.address()) + " in two windows");
    return ExitCode.NONE_YET;
  }

  /**
   * The demo's own node; or a node that has the usual port already, as after the README's first
   * command.
   */
  static Bell bell(InetSocketAddress listen, boolean isSaid) {
    try {
      return own(listen);
    } catch (IllegalStateException e) {
      if (isSaid) {
        throw e;
      }
      String url = NodeUrl.of(listen);
      return isNode(url)
          ? new Bell("asking the node that listens on", url, () -> {}, new CompletableFuture<>())
          : own(new InetSocketAddress(listen.getAddress(), 0));
    }
  }

  private static Bell own(InetSocketAddress listen) {
    Doorbell node = Doorbell.start(options(listen));
    return new Bell("listening on", NodeUrl.of(node.address()), node::close, node.failure());
  }

  private static boolean isNode(String url) {
    try {
      doorbell.client.Doorbell.at(URI.create(url)).wait(EventId.random(), Duration.ZERO).join();
      return true;
    } catch (CompletionException e) {
      return e.getCause() instanceof TimeoutException late && late.getCause() == null;
    }
  }

  static Counter counter(InetSocketAddress app, boolean isSaid, URI node) throws IOException {
    try {
      return Counter.start(app, node);
    } catch (BindException e) {
      if (isSaid) {
        throw e;
      }
      return Counter.start(new InetSocketAddress(app.getAddress(), 0), node);
    }
  }

  /** The default options, except that a demo's sets stay in memory and the end is quick. */
  private static Options options(InetSocketAddress listen) {
    return Options.defaults()
        .with(Options.LISTEN, List.of(listen))
        .with(Options.STORE, "memory")
        .with(Options.DRAIN, Duration.ofSeconds(1));
  }
}
