package doorbell.io.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import doorbell.io.proxy.ProxyHeader.Broken;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers of the PROXY protocol, by their bytes: a character each. */
class ProxyHeaderTest {
  private static final String SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
  private static final String IPV4 = "\u00c0\0\2\7\u007f\0\0\1\u0012g\0P";
  private static final String IPV6 =
      " \1\r\u00b8\0\0\0\0\0\0\0\0\0\0\0\u0007\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\u0012g\0P";

  private static @Nullable ProxyHeader read(String bytes) throws Broken {
    ByteBuf before = Unpooled.copiedBuffer("x" + bytes, ISO_8859_1).skipBytes(1);
    return ProxyHeader.read(before);
  }

  private static String version2(int command, int family, String rest) {
    int length = rest.length();
    return SIGNATURE
        + (char) command
        + (char) family
        + (char) (length >> 8)
        + (char) (length & 0xff)
        + rest;
  }

  /** What a header says: the address and the port, or none. */
  private static String said(String bytes) throws Broken {
    ProxyHeader header = requireNonNull(read(bytes + "GET / HTTP/1.1\r\n"));
    assertThat(header.bytes()).isEqualTo(bytes.length());
    InetAddress client = header.client();
    return client == null ? "none" : client.getHostAddress() + " " + header.port();
  }

  @ParameterizedTest
  @CsvSource({
    "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80, 192.0.2.7 4711",
    "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535, 255.255.255.255 65535",
    "PROXY TCP4 0.0.0.0 0.0.0.0 0 0, 0.0.0.0 0",
    "PROXY TCP6 2001:db8::7 ::1 4711 80, 2001:db8:0:0:0:0:0:7 4711",
    "PROXY TCP6 ffff:f:f:f:ffff:ffff:ffff:ffff ::1 1 2, ffff:f:f:f:ffff:ffff:ffff:ffff 1",
    "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:127.0.0.1 4711 80, 192.0.2.7 4711",
    "PROXY UNKNOWN, none",
    "PROXY UNKNOWN 1.2.3.4 5.6.7.8 1 2, none",
    "PROXY UNKNOWN what ever, none"
  })
  void aLineOfVersion1NamesItsClient(String line, String client) throws Exception {
    assertThat(said(line + "\r\n")).isEqualTo(client);
  }

  @Test
  void theLongestLineHas107Bytes() throws Exception {
    String words = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    String longest = "PROXY UNKNOWN " + words + " " + words + " 65535 65535\r\n";
    assertThat(longest).hasSize(ProxyHeader.MOST_TEXT);
    assertThat(said(longest)).isEqualTo("none");
    assertThatThrownBy(() -> read(longest.replace("\r", " \r"))).isInstanceOf(Broken.class);
    assertThatThrownBy(() -> read("PROXY " + "x".repeat(101))).isInstanceOf(Broken.class);
    assertThat(read("PROXY " + "x".repeat(100))).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "PROXY \r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80 9\r\n",
        "PROXY TCP4  192.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80 \r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 65536 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 65536\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 -1 80\r\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 0080 80\r\n",
        "PROXY TCP4 192.0.2.256 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 192.0.2 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 192.0.02.07 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 0300.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY TCP4 2001:db8::7 ::1 4711 80\r\n",
        "PROXY TCP6 192.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY TCP6 2001:db8::7%lo ::1 4711 80\r\n",
        "PROXY TCP6 [2001:db8::7] ::1 4711 80\r\n",
        "PROXY TCP6 2001:db8::7::1 ::1 4711 80\r\n",
        "PROXY TCP4 localhost 127.0.0.1 4711 80\r\n",
        "PROXY TCP5 192.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY tcp4 192.0.2.7 127.0.0.1 4711 80\r\n",
        "PROXY UNKNOWN\n",
        "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\n",
        "PROXY TCP4 192.0.2.7\u00e9 127.0.0.1 4711 80\r\n",
        "PROXY TCP4\u0000192.0.2.7 127.0.0.1 4711 80\r\n"
      })
  void aMalformedLineIsBroken(String line) {
    assertThatThrownBy(() -> read(line))
        .isInstanceOfSatisfying(Broken.class, broken -> assertThat(broken.isForeign).isFalse());
  }

  @Test
  void aHeaderOfVersion2NamesItsClient() throws Exception {
    assertThat(said(version2(0x21, 0x11, IPV4))).isEqualTo("192.0.2.7 4711");
    assertThat(said(version2(0x21, 0x21, IPV6))).isEqualTo("2001:db8:0:0:0:0:0:7 4711");
    String mapped = "\0".repeat(10) + "\u00ff\u00ff\u00c0\0\2\7" + IPV6.substring(16);
    assertThat(said(version2(0x21, 0x21, mapped))).isEqualTo("192.0.2.7 4711");
    String extensions = "\1\0\2h2" + "\4\0\3...";
    assertThat(said(version2(0x21, 0x11, IPV4 + extensions))).isEqualTo("192.0.2.7 4711");
  }

  @Test
  void whoIsNotNamedByVersion2IsThePeer() throws Exception {
    assertThat(said(version2(0x20, 0x00, ""))).isEqualTo("none");
    assertThat(said(version2(0x20, 0x11, IPV4))).isEqualTo("none");
    assertThat(said(version2(0x20, 0xff, "whatever"))).isEqualTo("none");
    assertThat(said(version2(0x21, 0x00, ""))).isEqualTo("none");
    assertThat(said(version2(0x21, 0x00, "whatever"))).isEqualTo("none");
    assertThat(said(version2(0x21, 0x31, "/".repeat(216)))).isEqualTo("none");
  }

  @Test
  void aMalformedHeaderOfVersion2IsBroken() {
    for (String malformed :
        new String[] {
          version2(0x11, 0x11, IPV4),
          version2(0x22, 0x11, IPV4),
          version2(0x2f, 0x11, IPV4),
          version2(0x21, 0x12, IPV4),
          version2(0x21, 0x22, IPV6),
          version2(0x21, 0x32, "/".repeat(216)),
          version2(0x21, 0x41, IPV4),
          version2(0x21, 0x10, IPV4),
          version2(0x21, 0x11, IPV4.substring(1)),
          version2(0x21, 0x11, ""),
          version2(0x21, 0x21, IPV4),
          version2(0x21, 0x31, "/".repeat(215)),
          version2(0x21, 0x11, IPV4 + "x".repeat(ProxyHeader.MOST_BINARY - 27)),
          SIGNATURE + "!\u0011\u00ff\u00ff"
        }) {
      assertThatThrownBy(() -> read(malformed))
          .isInstanceOfSatisfying(Broken.class, broken -> assertThat(broken.isForeign).isFalse());
    }
  }

  @Test
  void aHeaderOfVersion2IsBounded() throws Exception {
    String largest = version2(0x21, 0x11, IPV4 + "x".repeat(ProxyHeader.MOST_BINARY - 28));
    assertThat(largest).hasSize(ProxyHeader.MOST_BINARY);
    assertThat(said(largest)).isEqualTo("192.0.2.7 4711");
    assertThat(read(largest.substring(0, largest.length() - 1))).isNull();
  }

  @Test
  void aHeaderMayComeByteByByte() throws Exception {
    for (String header :
        new String[] {
          "PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n",
          "PROXY UNKNOWN\r\n",
          version2(0x21, 0x11, IPV4),
          version2(0x21, 0x21, IPV6 + "extensions"),
          version2(0x20, 0, "")
        }) {
      for (int length = 0; length < header.length(); length++) {
        assertThat(read(header.substring(0, length))).as("%s of %s", length, header).isNull();
      }
      assertThat(read(header)).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n",
        "P\r\n",
        "PROXy TCP4 ",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST /1 HTTP/1.1\r\n",
        "\u0016\3\1\2\0\1",
        "\r\nGET / HTTP/1.1\r\n",
        "\r\n\r\nGET",
        "\r\n\r\n\0\r\nQUIT\r",
        "\0",
        " PROXY TCP4 "
      })
  void whatBeginsAsNoHeaderIsForeign(String bytes) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOfSatisfying(Broken.class, broken -> assertThat(broken.isForeign).isTrue());
  }
}
