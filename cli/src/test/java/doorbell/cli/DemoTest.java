package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import doorbell.cli.DemoCommand.Bell;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import org.junit.jupiter.api.Test;

class DemoTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Test
  void theDemoAsksTheNodeThatHasItsUsualPort() {
    Bell first = DemoCommand.bell(ANY, false);
    InetSocketAddress taken = address(first.url());
    Bell second = DemoCommand.bell(taken, false);
    assertThat(second.url()).isEqualTo(first.url());
    assertThat(second.whose()).isEqualTo("asking the node that listens on");
    second.close().run();
    assertThat(DemoCommand.bell(taken, false).url()).as("goes on").isEqualTo(first.url());
    assertThatIllegalStateException()
        .isThrownBy(() -> DemoCommand.bell(taken, true))
        .withMessageContaining("can't listen on");
    first.close().run();
  }

  @Test
  void theDemoTakesFreePortsWhereOthersHaveItsUsualOnes() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      InetSocketAddress taken = (InetSocketAddress) other.getLocalSocketAddress();
      Bell bell = DemoCommand.bell(taken, false);
      assertThat(address(bell.url()).getPort()).isNotEqualTo(taken.getPort());
      assertThat(bell.whose()).isEqualTo("listening on");
      URI node = URI.create(bell.url());
      try (Counter counter = DemoCommand.counter(taken, false, node)) {
        assertThat(counter.address().getPort()).isNotEqualTo(taken.getPort());
      }
      assertThatExceptionOfType(BindException.class)
          .isThrownBy(() -> DemoCommand.counter(taken, true, node));
      bell.close().run();
    }
  }

  private static InetSocketAddress address(String url) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), URI.create(url).getPort());
  }
}
