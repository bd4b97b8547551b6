package doorbell.limit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {
  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "2001:db8::1, 2001:db8::ffff:ffff:ffff:ffff",
    "2001:db8:0:1::, 2001:db8:0:1:1:2:3:4",
    "fe80::1%1, fe80::2"
  })
  void theseAreOneClient(String one, String other) throws Exception {
    assertThat(key(one)).isEqualTo(key(other));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.2",
    "0.0.0.1, ::1",
    "255.255.255.255, 127.255.255.255",
    "2001:db8:0:1::1, 2001:db8:0:2::1",
    "2001:db8::1, 2001:db9::1",
    "192.0.2.1, ::c000:201"
  })
  void theseAreTwo(String one, String other) throws Exception {
    assertThat(key(one)).isNotEqualTo(key(other));
  }

  @Test
  void ipv4InTheFormOfIpv6IsIpv4() throws Exception {
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, (byte) 192, 0, 2, 1};
    InetAddress asIpv6 = Inet6Address.getByAddress(null, mapped, 0);
    assertThat(asIpv6).isInstanceOf(Inet6Address.class);
    assertThat(ClientAddress.of(asIpv6)).isEqualTo(key("192.0.2.1"));
    mapped[15] = 2;
    assertThat(ClientAddress.of(Inet6Address.getByAddress(null, mapped, 0)))
        .isNotEqualTo(key("192.0.2.1"));
  }

  @Test
  void whoHasNoAddressIsCountedAtNone() {
    assertThat(ClientAddress.of((InetSocketAddress) null)).isNull();
  }

  private static ClientAddress key(String address) throws Exception {
    return ClientAddress.of(InetAddress.getByName(address));
  }
}
