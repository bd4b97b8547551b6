package doorbell;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import doorbell.io.LogLines;
import doorbell.io.Transport;
import doorbell.io.proxy.ProxyProtocol;
import doorbell.io.tls.Certificates;
import doorbell.io.tls.PemFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A port behind proxies, over each transport: each address may park one wait. */
class ProxyPortTest {
  private static final String WAIT = "GET /7 HTTP/1.1\nHost: a\n\n";
  private static final String ASK = "GET /7?timeout=0 HTTP/1.1\nHost: a\n\n";
  private static final String BINARY = "\r\n\r\n\0\r\nQUIT\n";

  @TempDir Path folder;

  static Stream<Transport> transports() {
    return PortFixture.transports();
  }

  private static String line(String client) {
    boolean isIpv4 = client.indexOf(':') < 0;
    return isIpv4
        ? "PROXY TCP4 " + client + " 127.0.0.1 4711 80\n"
        : "PROXY TCP6 " + client + " ::1 4711 80\n";
  }

  /** A header of version 2 for 192.0.2.LAST. */
  private static byte[] binary(int last) {
    String address = "\u00c0\0\2" + (char) last + "\u007f\0\0\1\u0012g\0P";
    return (BINARY + "!\u0011\0\f" + address).getBytes(ISO_8859_1);
  }

  private static Options options(Transport transport, String trusted) {
    return PortFixture.options(transport, Duration.ofSeconds(10), Duration.ofSeconds(75))
        .with(LimitOptions.MAX_WAITS_PER_ADDRESS, 1)
        .with(ProxyOptions.TRUSTED_PROXIES, ProxyOptions.TRUSTED_PROXIES.parse(trusted));
  }

  private static PortFixture speaking(Transport transport, String trusted) {
    return new PortFixture(options(transport, trusted).with(ProxyOptions.PROXY_PROTOCOL, "all"));
  }

  private static void parks(PortFixture node, Peer peer) throws Exception {
    int before = node.port.parked();
    peer.say(WAIT);
    await().until(() -> node.port.parked() == before + 1);
  }

  private static void isRefused(Peer peer) throws Exception {
    Answer answer = peer.say(WAIT).hear();
    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.body()).contains("from one address");
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theHeaderSaysWhoseWaitsAreCounted(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      parks(node, node.connect().say(line("192.0.2.1")));
      parks(node, node.connect().send(binary(2)));
      parks(node, node.connect().say(line("2001:db8::1")));
      isRefused(node.connect().say(line("192.0.2.1")));
      isRefused(node.connect().send(binary(1)));
      isRefused(node.connect().say(line("192.0.2.2")));
      isRefused(node.connect().say(line("2001:db8:0::1")));
      isRefused(node.connect().say(line("::ffff:192.0.2.1")));
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theRequestMayComeWithTheHeaderAndBothByteByByte(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      assertThat(node.connect().say(line("192.0.2.1") + ASK).hear().status()).isEqualTo(204);
      for (byte[] header :
          List.of(line("192.0.2.1").replace("\n", "\r\n").getBytes(US_ASCII), binary(1))) {
        Peer slow = node.connect();
        for (byte one : header) {
          slow.send(new byte[] {one});
        }
        assertThat(slow.say(ASK).hear().status()).isEqualTo(204);
      }
      Peer brief = node.connect().say(line("192.0.2.1") + ASK);
      brief.saysNoMore();
      assertThat(brief.hear().status()).isEqualTo(204);
      assertThat(brief.hearsTheEnd()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whoIsUnknownToTheProxyIsCountedAtThePeer(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      parks(node, node.connect().say("PROXY UNKNOWN\n"));
      isRefused(node.connect().say("PROXY UNKNOWN\n"));
      byte[] local = (BINARY + " \0\0\0").getBytes(ISO_8859_1);
      isRefused(node.connect().send(local));
      isRefused(node.connect().say(line("127.0.0.1")));
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whoIsNotTrustedIsToldSoAndClosed(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "192.0.2.0/24,unix");
        LogLines log = LogLines.of(ProxyProtocol.class)) {
      for (String said : List.of(line("192.0.2.1") + ASK, ASK, "x\n")) {
        Peer peer = node.connect().say(said);
        Answer answer = peer.hear();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("this port is for trusted proxies alone");
        assertThat(peer.hearsTheEnd()).isTrue();
      }
      assertThat(node.connect().send(new byte[] {22, 3, 1}).hearsTheEnd()).isTrue();
      assertThat(log.messages())
          .containsExactly(
              "1 connections came without a header of the PROXY protocol since the start, the last"
                  + " one: 127.0.0.1 is no trusted proxy");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aProxyWithoutAHeaderIsToldThatItLacks(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      for (String said : List.of(ASK, "PRI * HTTP/2.0\n\nSM\n\n", "PROXX")) {
        Peer peer = node.connect().say(said);
        Answer answer = peer.hear();
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("this port speaks the PROXY protocol");
        assertThat(peer.hearsTheEnd()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aBrokenHeaderIsCutOffAndToldOnceAMinute(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1");
        LogLines log = LogLines.of(ProxyProtocol.class)) {
      for (String broken :
          List.of(
              "PROXY TCP4 x y 1 2\n" + ASK,
              line("192.0.2.1").replace("TCP4", "TCP6") + ASK,
              "PROXY " + "x".repeat(200))) {
        assertThatEnds(node.connect().say(broken));
      }
      assertThatEnds(node.connect().send((BINARY + "!\u0011\0\0").getBytes(ISO_8859_1)));
      assertThat(log.messages())
          .containsExactly(
              "1 connections came without a header of the PROXY protocol since the start, the last"
                  + " one: 127.0.0.1: its line has malformed addresses");
      assertThat(node.port.parked()).isZero();
    }
  }

  /** Bytes that were not read make the end a reset. */
  private static void assertThatEnds(Peer peer) {
    try {
      assertThat(peer.hearsTheEnd()).isTrue();
    } catch (IOException reset) {
      assertThat(reset).hasMessageContaining("reset");
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void aHeaderThatIsNotWholeInTimeIsCutOff(Transport transport) throws Exception {
    Options brisk =
        options(transport, "127.0.0.1")
            .with(Options.HEAD_TIMEOUT, Duration.ofMillis(200))
            .with(ProxyOptions.PROXY_PROTOCOL, "all");
    try (PortFixture node = new PortFixture(brisk)) {
      assertThat(node.connect().hearsTheEnd()).isTrue();
      assertThat(node.connect().say("PROXY TCP4 192.0").hearsTheEnd()).isTrue();
      assertThat(node.connect().say("PROXY TCP4 192.0").port()).isPositive();
      await().until(() -> node.port.budget.taken() == 0);
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void whoLeavesWithinTheHeaderLeavesNothingBehind(Transport transport) throws Exception {
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      Peer brief = node.connect().say("PROXY TCP4 192.0.2.1 ");
      brief.saysNoMore();
      assertThat(brief.hearsTheEnd()).isTrue();
      node.connect().say("PROXY TCP4 192.0.2.1 ").reset();
      await().until(() -> node.port.loops.stream().mapToInt(loop -> loop.io.open()).sum() == 0);
      assertThat(node.port.budget.taken()).isZero();
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theHeaderComesBeforeTls(Transport transport) throws Exception {
    Certificates certificates = new Certificates(folder);
    PemFiles files = certificates.make("proxied", "-keyalg", "EC");
    Options secure =
        options(transport, "127.0.0.1")
            .with(ProxyOptions.PROXY_PROTOCOL, "all")
            .with(Options.TLS_CERT, files.chain())
            .with(Options.TLS_KEY, files.key());
    try (PortFixture node = new PortFixture(secure)) {
      SSLSocket first = encrypted(node, files, line("192.0.2.1"));
      first.getOutputStream().write(WAIT.replace("\n", "\r\n").getBytes(US_ASCII));
      await().until(() -> node.port.parked() == 1);
      assertThat(says(encrypted(node, files, line("192.0.2.1")), WAIT)).isEqualTo("429");
      assertThat(says(encrypted(node, files, line("192.0.2.2")), ASK)).isEqualTo("204");
      Peer plain = node.connect().say(line("192.0.2.3") + ASK);
      assertThat(plain.hear().body()).contains("this port speaks TLS; use https://");
      assertThatEnds(node.connect().send(new byte[] {22, 3, 1, 0, 5, 1}));
      first.close();
    }
  }

  private static SSLSocket encrypted(PortFixture node, PemFiles files, String header)
      throws Exception {
    Socket plain = new Socket(node.address().getAddress(), node.address().getPort());
    plain.getOutputStream().write(header.replace("\n", "\r\n").getBytes(US_ASCII));
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (InputStream chain = Files.newInputStream(files.chain())) {
      trusted.setCertificateEntry(
          "node", CertificateFactory.getInstance("X.509").generateCertificate(chain));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", 1, true);
    socket.setSoTimeout(20_000);
    socket.startHandshake();
    return socket;
  }

  /** The status that a request is answered by. */
  private static String says(Socket client, String request) throws Exception {
    OutputStream out = client.getOutputStream();
    out.write(request.replace("\n", "\r\n").getBytes(US_ASCII));
    String status = new String(client.getInputStream().readNBytes(12), US_ASCII);
    client.close();
    return status.substring(9);
  }

  @Test
  void onlyTheNamedListenersSpeakIt() throws Exception {
    String file = folder.resolve("bell.sock").toString();
    Options both =
        options(Transport.AUTO, "unix")
            .with(Options.LISTEN, Options.LISTEN.parse("127.0.0.1:0,unix:" + file))
            .with(ProxyOptions.PROXY_PROTOCOL, "unix:" + file);
    try (PortFixture node = new PortFixture(both)) {
      assertThat(node.connect().say(ASK).hear().status()).isEqualTo(204);
      UnixDomainSocketAddress bell = UnixDomainSocketAddress.of(file);
      assertThat(over(bell, line("192.0.2.1") + ASK)).startsWith("HTTP/1.1 204");
      assertThat(over(bell, ASK)).contains("this port speaks the PROXY protocol");
    }
  }

  /** What comes over a Unix socket until the end, which is asked for. */
  private static String over(SocketAddress address, String request) throws Exception {
    try (SocketChannel client = SocketChannel.open(address)) {
      String bytes = request.replace("\n\n", "\nConnection: close\n\n").replace("\n", "\r\n");
      client.write(ByteBuffer.wrap(bytes.getBytes(US_ASCII)));
      ByteArrayOutputStream heard = new ByteArrayOutputStream();
      ByteBuffer some = ByteBuffer.allocate(4_096);
      while (client.read(some) >= 0) {
        heard.write(some.array(), 0, some.position());
        some.clear();
      }
      return heard.toString(US_ASCII);
    }
  }

  @Test
  void aUnixSocketIsTrustedByItsWordAlone() throws Exception {
    for (String trusted : List.of("unix", "0.0.0.0/0,::/0")) {
      String file = folder.resolve("bell.sock").toString();
      Options unix =
          options(Transport.AUTO, trusted)
              .with(Options.LISTEN, Options.LISTEN.parse("unix:" + file + ",127.0.0.1:0"));
      try (PortFixture node = new PortFixture(unix);
          SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
        String wait = "GET /7?timeout=0.3 HTTP/1.1\nHost: a\nX-Forwarded-For: 192.0.2.1\n\n";
        String parked = wait.replace("0.3", "60").replace("\n", "\r\n");
        first.write(ByteBuffer.wrap(parked.getBytes(US_ASCII)));
        await().until(() -> node.port.parked() == 1);
        assertThat(over(UnixDomainSocketAddress.of(file), wait))
            .startsWith(trusted.equals("unix") ? "HTTP/1.1 429" : "HTTP/1.1 204");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theFieldOfATrustedProxySaysWhoseWaitsAreCounted(Transport transport) throws Exception {
    try (PortFixture node = new PortFixture(options(transport, "127.0.0.1"))) {
      parksFrom(node, "X-Forwarded-For: 203.0.113.9, 192.0.2.1");
      parksFrom(node, "Forwarded: for=203.0.113.9, for=192.0.2.2;proto=https");
      parksFrom(node, "x-forwarded-for: 203.0.113.9\nX-FORWARDED-FOR: 192.0.2.3, 127.0.0.1");
      parksFrom(node, "Forwarded: for=\"[2001:db8::1]:4711\"");
      isRefusedFrom(node, "X-Forwarded-For: 198.51.100.1, 192.0.2.1");
      isRefusedFrom(node, "Forwarded: for=198.51.100.1\nForwarded: for=192.0.2.1");
      isRefusedFrom(node, "X-Forwarded-For: 192.0.2.2:4711");
      isRefusedFrom(node, "X-Forwarded-For: 2001:db8::1");
    }
  }

  /** What an address may begin is counted by the same client as its parked waits. */
  @ParameterizedTest
  @MethodSource("transports")
  void theFieldSaysWhoseSetsAndWaitsAreTooMany(Transport transport) throws Exception {
    Options limited =
        options(transport, "127.0.0.1")
            .with(LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS, 1)
            .with(LimitOptions.MAX_WAITS_PER_SECOND_PER_ADDRESS, 1)
            .with(LimitOptions.MAX_WAITS_PER_ADDRESS, 0);
    try (PortFixture node = new PortFixture(limited)) {
      for (String request : List.of("POST /7 HTTP/1.1\nHost: a\nContent-Length: 0\n\n", ASK)) {
        String busy = request.replace("\n\n", "\nX-Forwarded-For: 192.0.2.1\n\n");
        int status = 0;
        for (int i = 0; i < 100 && status != 429; i++) {
          status = node.connect().say(busy).hear().status();
        }
        assertThat(status).isEqualTo(429);
        String other = busy.replace("192.0.2.1", "192.0.2.2");
        assertThat(node.connect().say(other).hear().status()).isLessThan(300);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("transports")
  void theConnectionsOfAProxyAreThoseOfItsClients(Transport transport) throws Exception {
    Options limited =
        options(transport, "127.0.0.1").with(LimitOptions.MAX_CONNECTIONS_PER_ADDRESS, 1);
    try (PortFixture node = new PortFixture(limited)) {
      for (int last = 1; last < 5; last++) {
        parksFrom(node, "X-Forwarded-For: 192.0.2." + last);
      }
    }
    try (PortFixture node = new PortFixture(limited.with(ProxyOptions.PROXY_PROTOCOL, "all"))) {
      Peer first = node.connect().say(line("192.0.2.1"));
      parks(node, first);
      assertThat(node.connect().say(line("192.0.2.1") + ASK).hear().status()).isEqualTo(429);
      assertThat(node.connect().say(line("192.0.2.2") + ASK).hear().status()).isEqualTo(204);
      first.close();
      await().until(() -> node.connect().say(line("192.0.2.1") + ASK).hear().status() == 204);
    }
  }

  private static String wait(String field) {
    return WAIT.replace("\n\n", "\n" + field + "\n\n");
  }

  private static Peer parksFrom(PortFixture node, String field) throws Exception {
    int before = node.port.parked();
    Peer peer = node.connect().say(wait(field));
    await().until(() -> node.port.parked() == before + 1);
    return peer;
  }

  private static void isRefusedFrom(PortFixture node, String field) throws Exception {
    assertThat(node.connect().say(wait(field)).hear().status()).as(field).isEqualTo(429);
  }

  @Test
  void aConnectionOfAProxyCarriesManyClients() throws Exception {
    try (PortFixture node = new PortFixture(options(Transport.AUTO, "127.0.0.1"))) {
      parksFrom(node, "X-Forwarded-For: 192.0.2.1");
      Peer proxy = node.connect();
      for (String client : List.of("192.0.2.0", "192.0.2.1", "192.0.2.2", "unknown")) {
        String field = "X-Forwarded-For: 203.0.113.9, " + client;
        assertThat(proxy.say(wait(field).replace("/7", "/8?timeout=0.05")).hear().status())
            .isEqualTo(client.equals("192.0.2.1") ? 429 : 204);
      }
    }
  }

  @Test
  void whatAStrangerSaysIsNotHeeded() throws Exception {
    try (PortFixture node = new PortFixture(options(Transport.AUTO, "192.0.2.0/24,unix"))) {
      parksFrom(node, "X-Forwarded-For: 192.0.2.1");
      isRefusedFrom(node, "X-Forwarded-For: 192.0.2.2");
      isRefusedFrom(node, "Forwarded: for=192.0.2.3");
    }
  }

  /** The client that the PROXY protocol names is whom the fields come from. */
  @Test
  void behindTheProxyProtocolTheFieldsAreThoseOfTheNamedClient() throws Exception {
    try (PortFixture node = speaking(Transport.AUTO, "127.0.0.1,10.0.0.0/8")) {
      parks(node, node.connect().say(line("192.0.2.1")));
      String forged = line("192.0.2.1") + wait("X-Forwarded-For: 192.0.2.9");
      assertThat(node.connect().say(forged).hear().status()).isEqualTo(429);
      String ofProxy = line("10.0.0.1") + wait("X-Forwarded-For: 192.0.2.1");
      assertThat(node.connect().say(ofProxy).hear().status()).isEqualTo(429);
    }
  }

  /** A client that the proxy doesn't know could else name another address for each wait. */
  @ParameterizedTest
  @MethodSource("transports")
  void whoIsUnknownToTheProxyIsNotBelieved(Transport transport) throws Exception {
    byte[] local = (BINARY + " \0\0\0").getBytes(ISO_8859_1);
    try (PortFixture node = speaking(transport, "127.0.0.1")) {
      parks(node, node.connect().say("PROXY UNKNOWN\n"));
      for (String field : List.of("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.2")) {
        String forged = "PROXY UNKNOWN\n" + wait(field);
        assertThat(node.connect().say(forged).hear().status()).isEqualTo(429);
        assertThat(node.connect().send(local).say(wait(field)).hear().status()).isEqualTo(429);
      }
    }
  }

  @Test
  void aWebSocketIsCountedByTheFieldOfItsHandshake() throws Exception {
    try (PortFixture node = new PortFixture(options(Transport.AUTO, "127.0.0.1"))) {
      parksFrom(node, "X-Forwarded-For: 192.0.2.1");
      try (Socket refused = waiting(node, "192.0.2.1");
          Socket parked = waiting(node, "203.0.113.9, 192.0.2.2")) {
        StringBuilder told = new StringBuilder();
        while (told.indexOf("from one address") < 0) {
          told.append((char) refused.getInputStream().read());
        }
        assertThat(told).contains("error 8: at most 1 waits");
        await().until(() -> node.port.parked() == 2);
        isRefusedFrom(node, "X-Forwarded-For: 192.0.2.2");
        parked.shutdownOutput();
        await().until(() -> node.port.parked() == 1);
        parksFrom(node, "X-Forwarded-For: 192.0.2.2");
      }
    }
  }

  /** A WebSocket that waits for 8, with that field of a proxy. */
  private static Socket waiting(PortFixture node, String field) throws Exception {
    Socket socket = new Socket(node.address().getAddress(), node.address().getPort());
    socket.setSoTimeout(20_000);
    OutputStream out = socket.getOutputStream();
    String upgrade =
        """
        GET / HTTP/1.1
        Host: a
        Connection: Upgrade
        Upgrade: websocket
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        X-Forwarded-For: %s

        """
            .formatted(field);
    out.write(upgrade.replace("\n", "\r\n").getBytes(US_ASCII));
    out.write("\u0081\u0086\0\0\0\0wait 8".getBytes(ISO_8859_1));
    return socket;
  }

  @Test
  void aReloadTakesOtherProxies() throws Exception {
    Options before = options(Transport.AUTO, "192.0.2.0/24");
    try (PortFixture node = new PortFixture(before)) {
      parksFrom(node, "X-Forwarded-For: 192.0.2.1");
      isRefusedFrom(node, "X-Forwarded-For: 192.0.2.1");
      Peer older = node.connect().say(ASK);
      assertThat(older.hear().status()).isEqualTo(204);
      node.port.reload(options(Transport.AUTO, "127.0.0.1"));
      node.port.awaitTurn();
      int parked = node.port.parked();
      older.say(wait("X-Forwarded-For: 192.0.2.7"));
      await().until(() -> node.port.parked() == parked + 1);
      isRefusedFrom(node, "X-Forwarded-For: 192.0.2.7");
      parksFrom(node, "X-Forwarded-For: 192.0.2.1");
      isRefusedFrom(node, "X-Forwarded-For: 192.0.2.1");
    }
    try (PortFixture node = speaking(Transport.AUTO, "192.0.2.0/24")) {
      assertThat(node.connect().say(line("192.0.2.1") + ASK).hear().status()).isEqualTo(400);
      node.port.reload(options(Transport.AUTO, "127.0.0.1"));
      assertThat(node.connect().say(line("192.0.2.1") + ASK).hear().status()).isEqualTo(204);
    }
  }

  @Test
  void aReloadThatTrustsNobodyIsRefusedWhereProxiesSpeak() throws Exception {
    try (PortFixture node = speaking(Transport.AUTO, "127.0.0.1")) {
      Options without =
          options(Transport.AUTO, "127.0.0.1")
              .with(ProxyOptions.TRUSTED_PROXIES, ProxyOptions.TRUSTED_PROXIES.parse("none"));
      assertThatThrownBy(() -> node.port.reload(without))
          .hasMessageStartingWith("--proxy-protocol needs --trusted-proxies");
      assertThat(node.connect().say(line("192.0.2.1") + ASK).hear().status()).isEqualTo(204);
    }
  }

  @Test
  void aWebSocketIsItsClientsThoughLimitsComeLater() throws Exception {
    Options before =
        options(Transport.AUTO, "127.0.0.1").with(LimitOptions.MAX_WAITS_PER_ADDRESS, 0);
    try (PortFixture node = new PortFixture(before);
        Socket busy = waiting(node, "192.0.2.1");
        Socket other = waiting(node, "192.0.2.2")) {
      await().until(() -> node.port.parked() == 2);
      node.port.reload(before.with(LimitOptions.MAX_SETS_PER_SECOND_PER_ADDRESS, 1));
      String set = "\u0081\u0085\0\0\0\0set 9";
      busy.getOutputStream().write(set.repeat(100).getBytes(ISO_8859_1));
      hears(busy, "error 9: at most 1 sets a second");
      other.getOutputStream().write(set.getBytes(ISO_8859_1));
      hears(other, "done 9");
    }
  }

  private static void hears(Socket socket, String text) throws IOException {
    StringBuilder heard = new StringBuilder();
    while (heard.indexOf(text) < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as(heard.toString()).isNotNegative();
      heard.append((char) next);
    }
  }

  @Test
  void optionsThatContradictEachOtherStopTheStart() {
    Options untrusted =
        PortFixture.options(Transport.AUTO, Duration.ofSeconds(1), Duration.ofSeconds(1))
            .with(ProxyOptions.PROXY_PROTOCOL, "all");
    assertThatThrownBy(() -> new PortFixture(untrusted))
        .hasMessage(
            "--proxy-protocol needs --trusted-proxies: the addresses of the proxies, or unix");
    Options elsewhere =
        options(Transport.AUTO, "127.0.0.1").with(ProxyOptions.PROXY_PROTOCOL, "127.0.0.1:1");
    assertThatThrownBy(() -> new PortFixture(elsewhere))
        .hasMessage("--proxy-protocol names 127.0.0.1:1, where --listen doesn't listen");
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off", "v2", "127.0.0.1", "127.0.0.1:x", "all,none", ""})
  void whatIsNoListOfListenersIsRefused(String text) {
    assertThatThrownBy(() -> ProxyOptions.PROXY_PROTOCOL.parse(text))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
