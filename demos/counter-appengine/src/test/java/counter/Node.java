package counter;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** A real Doorbell node on a free port. */
final class Node implements AutoCloseable {
  private static final String LISTENING = "doorbell: listening on ";

  final String url;
  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();

  Node() throws IOException {
    process =
        new ProcessBuilder("./doorbell", "serve", "--listen", "127.0.0.1:0", "--store", "memory")
            .directory(new File("../.."))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    String line = out.readLine();
    if (line == null || !line.startsWith(LISTENING)) {
      close();
      throw new IOException("The node did not start: " + line);
    }
    url = line.substring(LISTENING.length());
  }

  boolean isSet(String event) throws IOException, InterruptedException {
    URI wait = URI.create(url + "/" + event + "?timeout=0");
    int status =
        http.send(HttpRequest.newBuilder(wait).build(), BodyHandlers.ofString()).statusCode();
    if (status != 200 && status != 204) {
      throw new IOException(wait + " answered " + status);
    }
    return status == 200;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
