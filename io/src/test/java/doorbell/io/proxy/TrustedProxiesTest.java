package doorbell.io.proxy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which addresses a list of trusted proxies has. */
class TrustedProxiesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          192.0.2.1                   | 192.0.2.1        | true
          192.0.2.1                   | 192.0.2.2        | false
          192.0.2.1/32                | 192.0.2.1        | true
          10.0.0.0/8                  | 10.255.0.1       | true
          10.0.0.0/8                  | 11.0.0.1         | false
          192.0.2.128/25              | 192.0.2.128      | true
          192.0.2.128/25              | 192.0.2.127      | false
          192.0.2.4/30                | 192.0.2.7        | true
          192.0.2.4/30                | 192.0.2.8        | false
          0.0.0.0/0                   | 203.0.113.9      | true
          0.0.0.0/0                   | 2001:db8::1      | false
          ::/0                        | 2001:db8::1      | true
          ::/0                        | 203.0.113.9      | false
          2001:db8::/32               | 2001:db8:ffff::1 | true
          2001:db8::/32               | 2001:db9::1      | false
          2001:db8::8/125             | 2001:db8::f      | true
          2001:db8::8/125             | 2001:db8::10     | false
          ::1                         | ::1              | true
          ::1                         | 127.0.0.1        | false
          ::ffff:192.0.2.1            | 192.0.2.1        | true
          192.0.2.1                   | ::ffff:192.0.2.1 | true
          10.0.0.0/8, 2001:db8::/32   | 2001:db8::1      | true
          unix , 10.0.0.0/8           | 10.0.0.1         | true
          unix                        | 127.0.0.1        | false
          """)
  void aListHasTheAddressesOfItsNetworks(String list, String address, boolean has) {
    InetAddress asked = requireNonNull(AddressText.parse(address));
    assertThat(TrustedProxies.parse(list).contains(asked)).isEqualTo(has);
  }

  @Test
  void anAddressOfIpv4InTheFormOfIpv6IsThatOfIpv4() throws Exception {
    byte[] mapped = new byte[16];
    mapped[10] = mapped[11] = (byte) 0xff;
    System.arraycopy(new byte[] {10, 0, 0, 1}, 0, mapped, 12, 4);
    InetAddress address = Inet6Address.getByAddress(null, mapped, 0);
    assertThat(TrustedProxies.parse("10.0.0.0/8").contains(address)).isTrue();
    assertThat(TrustedProxies.parse("::/0").contains(address)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "10.0.0.0/8,",
        "localhost",
        "10.0.0",
        "10",
        "10.0.0.256",
        "010.0.0.1",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0.0/a",
        "/8",
        "10.0.0.1/8",
        "2001:db8::1/32",
        "2001:db8::/129",
        "2001:db8",
        "[::1]",
        "fe80::1%lo",
        "10.0.0.0/8 10.1.0.0/16",
        "Unix",
        "unix:/run/x",
        "none",
        "*",
        "any",
        "10.*",
        "10.0.0.0-10.0.0.9",
        "1.2.3.4:80",
        "0x7f000001",
        "::ffff:10.0.0.0/104"
      })
  void whatIsNoListIsRefusedWithASentence(String list) {
    assertThatThrownBy(() -> TrustedProxies.parse(list))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .containsAnyOf(
            "a trusted proxy is an address like 192.0.2.1",
            "has no such length: it is 0 to ",
            "has bits behind its length: write ");
  }

  @Test
  void aNetworkWithFurtherBitsIsToldHowItIsWritten() {
    assertThatThrownBy(() -> TrustedProxies.parse("10.1.2.3/8"))
        .hasMessage(
            "'10.1.2.3/8' has bits behind its length: write 10.0.0.0/8, or the address alone");
  }

  @Test
  void onlyTheWordTrustsUnixSockets() {
    assertThat(TrustedProxies.parse("unix").unix()).isTrue();
    assertThat(TrustedProxies.parse("0.0.0.0/0,::/0").unix()).isFalse();
  }
}
