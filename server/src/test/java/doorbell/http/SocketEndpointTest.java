package doorbell.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.unix.Socket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketException;
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
  private class Answering implements Protocol {
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

  /** What is done with an endpoint, whose client is at the other end of {@code socket}. */
  private interface Scene {
    void play(InHand endpoint, java.net.Socket socket) throws Exception;
  }

  private void connected(Scene scene) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assumeThat(Transport.EPOLL.unavailability()).isNull(); // Which loads the library, too.
      Socket socket = Socket.newSocketStream();
      socket.connect(server.getLocalSocketAddress());
      try (java.net.Socket client = server.accept()) {
        client.getOutputStream().write(new byte[8 * Limits.INPUT]);
        InHand endpoint = new InHand(node.node, node.loops.get(0), socket);
        node.loops.get(0).onOpened();
        scene.play(endpoint, client);
      }
    }
    node.close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aClientThatStopsAndGoesOnInItsTurnHasOneTurnAtATime() throws Exception {
    connected(
        (endpoint, _) -> {
          endpoint.handTo(new Answering(endpoint));
          endpoint.onReadable(false);
          node.loops.get(0).turns.ask(new Other(endpoint));
          node.runAll();
          assertThat(turns.indexOf("another")).isEqualTo(2);
          endpoint.cut();
        });
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anErrorOutOfOneClientsBytesCutsThatClientAlone() throws Exception {
    connected(
        (endpoint, client) -> {
          endpoint.handTo(
              new Answering(endpoint) {
                @Override
                public void onBytes(ByteBuf bytes) {
                  throw new StackOverflowError();
                }
              });
          endpoint.onReadable(false);
          node.loops.get(0).turns.ask(new Other(endpoint));
          node.runAll();
          assertThat(node.thrown).hasSize(1).first().isInstanceOf(StackOverflowError.class);
          assertThat(turns).containsExactly("another");
          assertThatThrownBy(() -> client.getInputStream().read())
              .isInstanceOf(SocketException.class);
        });
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
