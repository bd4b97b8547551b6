package doorbell.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class OpenFilesTest {
  private static final int FILES = 200;
  private static final int LAST = 10;
  private static final int TABLES = 12;

  /** More than such a heap has room for, and fewer than with those that wait to be accepted. */
  private static final int CLIENTS_BEYOND_12_MB = 10_500;

  private static final int TIMEOUT_MILLIS = 60_000;

  @ParameterizedTest
  @ValueSource(strings = {"auto", "epoll", "nio"})
  void clientsThatTooManyFilesKeepOutAreTakenWhenOthersHaveGone(String transport) throws Exception {
    List<String> few = List.of("prlimit", "--nofile=" + FILES + ":" + FILES);
    try (NodeProcess node =
        NodeProcess.start(
            few,
            Map.of("DOORBELL_LISTEN", "127.0.0.1:0", "DOORBELL_LOOPS", "1"),
            "serve",
            "--store",
            "memory",
            "--transport",
            transport)) {
      URI url = node.url();
      List<Client> crowd = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        crowd.add(ask(url, "GET /2"));
      }
      await().until(() -> node.errors().contains("files may be open (ulimit -n)"));
      List<Client> last = crowd.subList(FILES - LAST, FILES);
      for (Client client : crowd.subList(0, FILES - LAST)) {
        client.socket.close();
      }
      assertThat(ask(url, "POST /2").status()).isEqualTo(201);
      for (Client client : last) {
        assertThat(client.status()).isEqualTo(200);
      }
      List<Client> again = new ArrayList<>();
      for (int i = 0; i < FILES; i++) {
        again.add(ask(url, "GET /3"));
      }
      for (Client client : again) {
        client.socket.close();
      }
      assertThat(ask(url, "POST /3").status()).isEqualTo(201); // behind who was refused again
      assertThat(node.errors().lines()).filteredOn(line -> !line.contains(" INFO ")).hasSize(1);
    }
  }

  /** Beside each other, since a store takes its time to grow. */
  @Test
  void aStoreThatGrowsHasFilesWhereClientsHaveAllOfTheirs(@TempDir Path folder) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (String transport : List.of("auto", "epoll", "nio")) {
        all.add(threads.submit(() -> grows(transport, folder.resolve(transport))));
      }
    }
    for (Future<?> each : all) {
      each.get();
    }
  }

  /** A second of this store is a file, as three hours are of one that remembers a day. */
  private static @Nullable Void grows(String transport, Path store) throws Exception {
    try (NodeProcess node = serve(256, store, "--remember", "3s", "--transport", transport)) {
      URI url = node.url();
      Client setter = ask(url, "POST /1");
      assertThat(setter.status()).isEqualTo(201);
      List<Client> crowd = new ArrayList<>();
      for (int i = 0; i < 256; i++) {
        crowd.add(ask(url, "GET /2"));
      }
      await().until(() -> node.errors().contains("files may be open (ulimit -n)"));
      Set<String> tables = new HashSet<>();
      for (int id = 1_000; tables.size() < TABLES; id++) {
        assertThat(setter.ask("POST /" + id).status()).isEqualTo(201);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(store, "*.sst")) {
          files.forEach(file -> tables.add(file.getFileName().toString()));
        }
      }
      assertThat(node.errors()).doesNotContain("Too many open files");
      for (Client client : crowd) {
        client.socket.close();
      }
    }
    return null;
  }

  @Test
  void noMoreConnectThanTheHeapHasRoomFor() throws Exception {
    try (NodeProcess node = NodeProcess.serve(List.of("-Xmx12m"), "--store", "memory")) {
      URI url = node.url();
      List<Socket> crowd = new ArrayList<>();
      for (int i = 0; i < CLIENTS_BEYOND_12_MB; i++) {
        crowd.add(new Socket(url.getHost(), url.getPort()));
      }
      await().until(() -> node.errors().contains("the heap has room for"));
      Client late = ask(url, "POST /1");
      for (Socket client : crowd) {
        client.close();
      }
      assertThat(late.status()).isEqualTo(201);
    }
  }

  @Test
  void aNodeThatHasFilesForNoClientSaysSoInsteadOfListening(@TempDir Path folder) throws Exception {
    try (NodeProcess node = serve(100, folder.resolve("store"))) {
      assertThat(node.process.waitFor(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)).isTrue();
      assertThat(node.process.exitValue()).isEqualTo(2);
      assertThat(node.errors())
          .contains("doorbell: too few files may be open for a node and its clients")
          .contains("raise the limit (ulimit -n) by ");
    }
  }

  private static NodeProcess serve(int files, Path store, String... options) throws IOException {
    List<String> few = List.of("prlimit", "--nofile=" + files + ":" + files);
    List<String> words = new ArrayList<>(List.of("serve", "--store", "rocksdb:" + store));
    words.addAll(List.of("--sync", "os"));
    words.addAll(List.of(options));
    return NodeProcess.start(
        few,
        Map.of("DOORBELL_LISTEN", "127.0.0.1:0", "DOORBELL_LOOPS", "1"),
        words.toArray(String[]::new));
  }

  private static Client ask(URI url, String request) throws IOException {
    Socket socket = new Socket(url.getHost(), url.getPort());
    socket.setSoTimeout(TIMEOUT_MILLIS);
    return new Client(socket).ask(request);
  }

  private record Client(Socket socket) {
    Client ask(String request) throws IOException {
      String head = request + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(US_ASCII));
      return this;
    }

    /** Of an answer without a body, or of the last one. */
    int status() throws IOException {
      InputStream in = socket.getInputStream();
      StringBuilder head = new StringBuilder();
      do {
        int next = in.read();
        if (next < 0) {
          throw new EOFException("the node hung up");
        }
        head.append((char) next);
      } while (head.indexOf("\r\n\r\n") < 0);
      return Integer.parseInt(head.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }
  }
}
