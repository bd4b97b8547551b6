package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import doorbell.Port;
import doorbell.cli.run.Logging;
import doorbell.cli.run.Shutdown;
import doorbell.wait.WaitLoop;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;

/** A node, served as a command does, that loses an event loop as soon as it listens. */
final class BrokenNode {
  private BrokenNode() {}

  static void main(String[] args) throws Exception {
    Logging.choose(Logging.Format.TEXT);
    Options options =
        Options.defaults()
            .with(
                Options.LISTEN, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
            .with(Options.STORE, "memory")
            .with(Options.DRAIN, Duration.ZERO);
    Doorbell node = Doorbell.start(options);
    Shutdown.at(node::close, node.failure());
    Port port = (Port) field(node, "port");
    WaitLoop loop = (WaitLoop) ((List<?>) field(port, "loops")).getFirst();
    loop.io.events.shutdownGracefully();
    System.exit(Shutdown.await());
  }

  private static Object field(Object owner, String name) throws ReflectiveOperationException {
    Field field = owner.getClass().getDeclaredField(name);
    field.setAccessible(true);
    return field.get(owner);
  }
}
