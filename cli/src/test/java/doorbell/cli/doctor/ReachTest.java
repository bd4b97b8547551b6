package doorbell.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.cli.doctor.Reach.Tried;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReachTest {
  private static final Tried MADE = new Tried("203.0.113.7", "", Duration.ofMillis(12));
  private static final Tried REFUSED = new Tried("2001:db8::7", "refuses", Duration.ZERO);
  private static final Tried SILENT = new Tried("203.0.113.8", "is silent", Duration.ZERO);

  @Test
  void aNameIsToldWithItsAddresses() {
    List<InetAddress> both =
        List.of(InetAddress.ofLiteral("203.0.113.7"), InetAddress.ofLiteral("2001:db8::7"));
    assertThat(Reach.name("bell.example", both).text())
        .isEqualTo("bell.example is 203.0.113.7 (IPv4), 2001:db8:0:0:0:0:0:7 (IPv6)");
    assertThat(Reach.name("203.0.113.7", both).text()).endsWith("is an address");
    assertThat(Reach.name("bell.example", List.of()).isCross()).isTrue();
  }

  @Test
  void eachAddressMustAnswerButForThisMachinesOwn() {
    Finding one = Reach.judge(List.of(MADE, REFUSED), 443);
    assertThat(one.isCross()).isTrue();
    assertThat(one.text()).isEqualTo("port 443: 203.0.113.7 in 12 ms; 2001:db8::7 refuses");
    assertThat(one.cures().getFirst()).contains("take one alone");
    assertThat(Reach.judge(List.of(SILENT, MADE), 443).isCross()).isTrue();
    Tried here = new Tried("127.0.0.1", "", Duration.ZERO);
    assertThat(Reach.judge(List.of(here, REFUSED), 443).isCross()).isFalse();
    Tried other = new Tried("127.0.0.1", "refuses", Duration.ZERO);
    assertThat(Reach.judge(List.of(other, MADE), 443).isCross()).isTrue();
  }

  /** A network without IPv6 is no fault of the name's. */
  @Test
  void anAddressThatThereIsNoWayToIsNoCrossWhereAnotherAnswers() {
    Tried away = new Tried("2001:db8::7", "can't be reached (No route)", Duration.ZERO);
    assertThat(Reach.judge(List.of(MADE, away), 443).isCross()).isFalse();
    assertThat(Reach.judge(List.of(away), 443).isCross()).isTrue();
  }

  @Test
  void aClosedPortIsNoFirewall() {
    assertThat(Reach.judge(List.of(SILENT, REFUSED), 443).cures().getFirst())
        .contains("Nothing listens there");
    assertThat(Reach.judge(List.of(SILENT), 443).cures().getFirst()).contains("firewall");
  }
}
