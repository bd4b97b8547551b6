package doorbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CounterTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Pattern ANSWER =
      Pattern.compile("\\{\"count\":(\\d+),\"doorbell\":\"(\\d+)\"\\}\n");

  private final HttpClient http = HttpClient.newHttpClient();
  private final LinkedBlockingQueue<String> sets = new LinkedBlockingQueue<>();
  private HttpServer node;
  private Counter counter;

  @BeforeEach
  void start() throws Exception {
    node = HttpServer.create(ANY, 0);
    node.createContext(
        "/",
        exchange -> {
          sets.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          exchange.sendResponseHeaders(201, -1);
          exchange.close();
        });
    node.start();
    counter = Counter.start(ANY, URI.create(NodeUrl.of(node.getAddress())));
  }

  @AfterEach
  void stop() {
    counter.close();
    node.stop(0);
  }

  @Test
  void aClickSetsTheEventThatTheOthersWaitFor() throws Exception {
    Matcher before = answer("GET");
    Matcher after = answer("POST");
    assertThat(after.group(1)).isEqualTo("1");
    assertThat(sets.poll(10, TimeUnit.SECONDS)).isEqualTo("POST /" + before.group(2));
    assertThat(after.group(2)).isNotEqualTo(before.group(2));
    assertThat(answer("GET").group(2)).isEqualTo(after.group(2));
  }

  @Test
  void everyAnswerClosesItsConnection() throws Exception {
    for (String path : new String[] {"/", "/count", "/nothing"}) {
      assertThat(ask("GET", path).headers().firstValue("Connection")).hasValue("close");
    }
  }

  private Matcher answer(String method) throws Exception {
    Matcher answer = ANSWER.matcher(ask(method, "/count").body());
    assertThat(answer.matches()).isTrue();
    return answer;
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    URI uri = URI.create(NodeUrl.of(counter.address()) + path);
    return http.send(
        HttpRequest.newBuilder(uri).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }
}
