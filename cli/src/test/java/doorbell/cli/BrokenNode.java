package doorbell.cli;

import doorbell.Doorbell;
import doorbell.Options;
import doorbell.Port;
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
    Options usual = Options.defaults();
    Doorbell node =
        Doorbell.start(
            new Options(
                usual.http().at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                "memory",
                usual.remember(),
                usual.sync(),
                usual.maxSets(),
                Duration.ZERO));
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
