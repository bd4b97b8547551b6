package doorbell.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands in processes of their own, at servers that are no good node. */
class CommandsTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Far less than the time that a set is tried for, and than any wait here. */
  private static final long AT_ONCE_SECONDS = 20;

  @TempDir private Path folder;
  private @Nullable HttpServer server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "200, <html>Log in</html>, is not a Doorbell node",
    "204, '', is not a Doorbell node",
    "404, <html>Not Found</html>, is not a Doorbell node",
    "405, '', is not a Doorbell node",
    "501, <html>Unsupported method</html>, is not a Doorbell node",
    "302, '', A redirect to /login is not followed"
  })
  void aSetAtAServerThatIsNoNodeEndsAtOnceInPlainWords(int status, String body, String words)
      throws Exception {
    String url = serve(status, body);
    fails(words, "set", url + "/5");
    if (status != 204) {
      fails(words, "wait", url + "/5");
    }
  }

  @ParameterizedTest
  @CsvSource({"0s", "50ms"})
  void aWaitThatOnlyFailuresAnswerIsAnErrorAtItsEnd(String timeout) throws Exception {
    String url = serve(500, "");
    fails("refused. (status 500)", "wait", url + "/5", "--timeout", timeout);
  }

  @Test
  void aWaitThatASilentServerHoldsIsAnErrorAtItsEnd() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String url = "http://127.0.0.1:" + silent.getLocalPort();
      fails(url + " is silent", "wait", url + "/5", "--timeout", "50ms");
    }
  }

  @Test
  void whatIsTriedAgainIsSaidOnce() throws Exception {
    String url = serve(503, "the store is out of reach");
    try (NodeProcess wait = NodeProcess.start(Map.of(), "wait", url + "/5", "--timeout", "3s")) {
      assertThat(wait.process.waitFor()).isEqualTo(2);
      assertThat(wait.errors().lines().toList())
          .satisfiesExactly(
              line -> assertThat(line).contains("out of reach", "trying again; said once"),
              line -> assertThat(line).contains("5 was not set within 3 s", "out of reach"));
    }
  }

  @Test
  void aCertificateThatIsNotTrustedIsToldAtOnce() throws Exception {
    String url = serveTls();
    fails("PKIX path building failed", "wait", url + "/5");
    fails("PKIX path building failed", "set", url + "/5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"my_bell", "bell_1.my_net"})
  void anyNameIsLookedUp(String name) throws Exception {
    Path hosts = Files.writeString(folder.resolve("hosts"), "127.0.0.1 " + name + "\n");
    Map<String, String> known =
        Map.of("JDK_JAVA_OPTIONS", "-Djdk.net.hosts.file=" + hosts, "DOORBELL_TIMEOUT", "");
    try (NodeProcess node = NodeProcess.serve("--store", "memory")) {
      String event = "http://" + name + ":" + node.url().getPort() + "/5";
      for (String command : List.of("set", "wait")) {
        try (NodeProcess process = NodeProcess.start(known, command, event)) {
          assertThat(process.process.waitFor()).as(process.errors()).isZero();
        }
      }
    }
  }

  private static void fails(String words, String... command) throws Exception {
    try (NodeProcess process = NodeProcess.start(Map.of(), command)) {
      assertThat(process.process.waitFor(AT_ONCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.process.exitValue()).as(process.errors()).isEqualTo(2);
      assertThat(process.errors()).contains(words).doesNotContain("PT", "Exception:");
      assertThat(process.errors().lines().filter(line -> !line.contains("said once"))).hasSize(1);
    }
  }

  private String serve(int status, String body) throws Exception {
    HttpServer http = HttpServer.create(ANY, 0);
    answer(http, status, body);
    return "http://127.0.0.1:" + http.getAddress().getPort();
  }

  private void answer(HttpServer http, int status, String body) {
    server = http;
    HttpHandler handler =
        exchange -> {
          String type = body.startsWith("<") ? "text/html" : "text/plain";
          exchange.getResponseHeaders().set("Content-Type", type);
          exchange.getResponseHeaders().set("Location", "/login");
          byte[] bytes = body.getBytes(UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        };
    http.createContext("/", handler);
    http.start();
  }

  private String serveTls() throws Exception {
    Path file = folder.resolve("keys");
    char[] password = "password".toCharArray();
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-genkeypair",
            "-alias",
            "node",
            "-keyalg",
            "EC",
            "-dname",
            "CN=other",
            "-ext",
            "san=ip:127.0.0.1",
            "-validity",
            "2",
            "-storetype",
            "PKCS12",
            "-keystore",
            file.toString(),
            "-storepass",
            new String(password));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, password);
    }
    var manager = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    manager.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(manager.getKeyManagers(), null, null);
    HttpsServer https = HttpsServer.create(ANY, 0);
    https.setHttpsConfigurator(new HttpsConfigurator(context));
    answer(https, 200, "");
    return "https://127.0.0.1:" + https.getAddress().getPort();
  }
}
