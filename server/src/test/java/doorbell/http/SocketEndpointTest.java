package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Socket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** How an endpoint takes its turns, with the loop's steps taken by hand. */
class SocketEndpointTest {
  private final SimulatedNode node = new SimulatedNode();
  private final List<String> turns = new ArrayList<>();

  /** Has no room for what it answers, until that is flushed. */
  private final class Answering implements Protocol {
    private final Endpoint endpoint;

    private Answering(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void onOpen() {}

    @Override
    public void onBytes(ByteBuf bytes) {
      turns.add("it");
      node.ticker.advance(10, TimeUnit.MICROSECONDS);
      endpoint.listen(false);
    }

    @Override
    public void onReadEnd() {
      endpoint.listen(true);
    }

    @Override
    public void onEnd() {}

    @Override
    public void onWritable() {}

    @Override
    public void onClosed() {}
  }

  private static final class InHand extends SocketEndpoint {
    InHand(Node node, Loop loop, Socket socket) {
      super(node, loop, socket);
    }

    @Override
    void register() {}

    @Override
    void join() {}

    @Override
    void poll() {}

    @Override
    void send(ByteBuf sending, int from) {}

    @Override
    void leave() {
      release();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aClientThatStopsAndGoesOnInItsTurnHasOneTurnAtATime() throws Exception {
    Loop loop = node.loops.get(0);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assumeThat(Transport.EPOLL.unavailability()).isNull(); // Which loads the library, too.
      Socket socket = Socket.newSocketStream();
      socket.connect(server.getLocalSocketAddress());
      try (java.net.Socket client = server.accept()) {
        client.getOutputStream().write(new byte[8 * Limits.INPUT]);
        InHand endpoint = new InHand(node.node, loop, socket);
        endpoint.handTo(new Answering(endpoint));
        loop.onOpened();
        endpoint.onReadable(false);
        loop.turns.ask(new Other(endpoint));
        node.runAll();
        assertThat(turns.indexOf("another")).isEqualTo(2);
        endpoint.cut();
      }
    }
    node.close();
  }

  private final class Other implements Turns.Taker {
    private final Endpoint endpoint;

    private Other(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void onTurn() {
      turns.add("another");
    }

    @Override
    public Endpoint endpoint() {
      return endpoint;
    }
  }
}
