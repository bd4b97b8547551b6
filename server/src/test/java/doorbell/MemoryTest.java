package doorbell;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import doorbell.event.EventId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What clients make a node hold beside their waits is counted, bounded, and given back. */
class MemoryTest {
  private static final long MOST = 1 << 20;
  private static final String UPGRADE =
      """
      GET / HTTP/1.1
      Host: a
      Connection: Upgrade
      Upgrade: websocket
      Sec-WebSocket-Version: 13
      Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==

      """
          .replace("\n", "\r\n");

  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
  private static final String BULK =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n";
  private static final String FIELDS = "a:b\r\n".repeat(3_000);
  private static final String EVENTS = "text/event-stream";

  private final SimulatedNode node = new SimulatedNode(new Random(1), 1, options());
  private final List<SimulatedNode.Client> crowd = new ArrayList<>();
  private int nextId;

  private static Options options() {
    return SimulatedNode.options(10_000, 0).with(Options.MAX_BUFFERED, MOST);
  }

  @Test
  void bodiesOfBulkSetsGetA503AndClose() {
    String lines = "12345\n".repeat(9_999);
    refuses(client -> say(client, BULK + lines));
    assertThat(answersOf(503)).isPositive();
    isGivenBack();
  }

  @Test
  void tenThousandIdsTakeNoMoreThanTheirNumbers() {
    say(connect(), BULK + "12345\n".repeat(9_999));
    assertThat(node.budget.taken()).isBetween(160_000L, 260_000L);
    isGivenBack();
  }

  @Test
  void headsAndTrailersWithoutAnEndGetA503AndClose() {
    refuses(client -> say(client, "GET /1 HTTP/1.1\r\nHost: a\r\n" + FIELDS));
    assertThat(answersOf(503)).isPositive();
    isGivenBack();
    String head = "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    refuses(client -> say(client, head + FIELDS));
    assertThat(answersOf(503)).isPositive();
    isGivenBack();
  }

  @Test
  void bytesBehindAWaitGetA503AndClose() {
    refuses(client -> say(client, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + "x".repeat(16_000)));
    assertThat(answersOf(503)).isPositive();
    isGivenBack();
    assertThat(node.quota.taken()).isZero();
  }

  @Test
  void messagesThatHaveNoEndAreClosedWith1013() {
    String unfinished = "\u0081\u00fe\u00eaa\0\0\0\0" + "x".repeat(60_000);
    refuses(client -> say(client, UPGRADE + unfinished));
    assertThat(crowd).anyMatch(client -> client.received().indexOf("\u0088") > 0);
    isGivenBack();
    String fragment = "\u0001\u00fe\u00ea`\0\0\0\0" + "x".repeat(60_000);
    refuses(client -> say(client, UPGRADE + fragment));
    isGivenBack();
  }

  @Test
  void errorsThatNobodyReadsAreCutOff() {
    String words = "wait" + " 1 2 3 4 5 6 7 8 9".repeat(3_000);
    String line = "\u0081\u00fe" + (char) (words.length() >> 8) + (char) (words.length() & 255);
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, UPGRADE + (line + "\0\0\0\0" + words.replace("wait", "went")).repeat(40));
        });
    isGivenBack();
  }

  @Test
  void errorsOfManyLinesThatNobodyReadsAreCutOff() {
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, UPGRADE + "\u0081\u0081\0\0\0\0x".repeat(3_000));
        });
    isGivenBack();
  }

  @Test
  void answersThatNobodyReadsAreCutOff() {
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, "GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(300));
        });
    isGivenBack();
  }

  @Test
  void eventsThatNobodyReadsAreCutOff() {
    refuses(
        client -> {
          List<String> ids = newIds();
          say(client, "GET /" + String.join(",", ids) + " HTTP/1.1\r\nHost: a\r\n");
          say(client, "Accept: " + EVENTS + "\r\n\r\n");
          client.takeAnswers(false);
          setAll(ids);
        });
    isGivenBack();
  }

  @Test
  void eventsOfStreamsThatHaveNoWindowAreCutOff() {
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, PREFACE.replace("\0\0\0\4\0\0\0\0\0", "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"));
          for (int stream = 1; stream < 10 && client.isOpen(); stream += 2) {
            List<String> ids = newIds();
            String path = "/" + String.join(",", ids);
            String head = "\u0082\u0086" + field("\4", path) + "\1\1a" + field("\17\4", EVENTS);
            String length = "\0" + (char) (head.length() >> 8) + (char) (head.length() & 255);
            say(client, length + "\1\5\0\0\0" + (char) stream + head);
            setAll(ids);
          }
        });
    isGivenBack();
  }

  private List<String> newIds() {
    nextId += 64;
    return IntStream.range(nextId - 64, nextId).mapToObj("1%019d"::formatted).toList();
  }

  private void setAll(List<String> ids) {
    node.stage.asAnotherThread(() -> ids.forEach(id -> node.table.set(EventId.parse(id), 0)));
    node.runAll();
  }

  /** A header field of HTTP/2 that isn't remembered. The name is an index of one or two bytes. */
  private static String field(String name, String value) {
    int more = value.length() - 127;
    String length =
        more < 0
            ? "" + (char) value.length()
            : "\177" + (char) ((more & 127) | 128) + (char) (more >> 7);
    return name + length + value;
  }

  @Test
  void whoTakesNothingForAWhileIsCutOffAtLittle() {
    String page = "GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n";
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, page.repeat(3));
          node.advance(600);
          say(client, page);
        });
    isGivenBack();
  }

  @Test
  void pagesThatNobodyReadsDoNotFillMemoryInAMoment() {
    refuses(
        client -> {
          client.takeAnswers(false);
          say(client, "GET /doorbell.js HTTP/1.1\r\nHost: a\r\n\r\n".repeat(6));
        });
    isGivenBack();
  }

  @Test
  void whoTakesAnswersIsToldOfACrowdThoughMemoryIsShort() {
    SimulatedNode.Client reader = node.connect();
    say(reader, UPGRADE);
    List<String> ids = IntStream.range(0, 1_000).mapToObj("%064x"::formatted).toList();
    say(reader, frame("wait " + String.join(" ", ids)));
    while (node.budget.take(4_096)) {
      // Others hold the rest.
    }
    setAll(ids);
    assertThat(reader.isOpen()).isTrue();
    assertThat(reader.received().toString())
        .contains("set " + ids.getFirst(), "set " + ids.getLast());
  }

  private static String frame(String text) {
    return "\u0081\u00fe"
        + (char) (text.length() >> 8)
        + (char) (text.length() & 255)
        + "\0\0\0\0"
        + text;
  }

  @Test
  void pingsWhoseAnswersNobodyReadsAreCutOff() {
    String pings = "\0\0\10\6\0\0\0\0\000012345678".repeat(40_000);
    refuses(
        client -> {
          say(client, PREFACE);
          client.takeAnswers(false);
          say(client, pings);
        });
    isGivenBack();
  }

  @Test
  void everythingIsGivenBackWhateverEndsIt() {
    for (Consumer<SimulatedNode.Client> end : ends()) {
      for (String begun : begun()) {
        SimulatedNode.Client client = connect();
        say(client, begun);
        if (client.isOpen()) {
          end.accept(client);
        }
        node.pass(12_000);
        client.hangUp();
        node.store.answerAll();
        node.runAll();
        client.received();
        assertThat(node.budget.taken()).as(begun.substring(0, 30)).isZero();
      }
    }
  }

  private List<Consumer<SimulatedNode.Client>> ends() {
    return List.of(
        SimulatedNode.Client::hangUp,
        client -> client.send("\0\1\2 no protocol at all\r\n\r\n"),
        client -> client.send("x".repeat(70_000)),
        client -> node.pass(80_000),
        client -> node.close());
  }

  private static List<String> begun() {
    String fragment = "\u0001\u0082\0\0\0\0xx";
    String stream = "\0\0\12\1\4\0\0\0\1\u0083\u0086\4\1/\1\1a";
    return List.of(
        BULK + "1\n2\n".repeat(100),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n1\n2\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\nb: c\r\n",
        "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345",
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n",
        UPGRADE + fragment + "\u0081\u0085\0\0\0\0set 7",
        PREFACE + stream,
        PREFACE + stream + "\0\0\4\0\0\0\0\0\0011\n2\n");
  }

  private void refuses(Consumer<SimulatedNode.Client> attack) {
    for (int i = 0; i < 100; i++) {
      SimulatedNode.Client client = connect();
      attack.accept(client);
      assertThat(node.budget.taken()).isLessThan(MOST * 5 / 4);
    }
    SimulatedNode.Client honest = connect();
    honest.send("GET /5?timeout=0 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.runAll();
    assertThat(requireNonNull(Answer.take(honest.received(), false)).status()).isEqualTo(204);
    honest.send("POST /6 HTTP/1.1\r\nHost: a\r\n\r\n");
    node.runAll();
    assertThat(requireNonNull(Answer.take(honest.received(), false)).status()).isIn(200, 201);
  }

  private SimulatedNode.Client connect() {
    SimulatedNode.Client client = node.connect();
    crowd.add(client);
    return client;
  }

  private void say(SimulatedNode.Client client, String bytes) {
    for (int from = 0; from < bytes.length() && client.isOpen(); from += 50_000) {
      client.send(bytes.substring(from, Math.min(bytes.length(), from + 50_000)));
      node.runAll();
    }
  }

  private long answersOf(int status) {
    return crowd.stream()
        .filter(client -> client.received().indexOf("HTTP/1.1 " + status) >= 0)
        .filter(client -> client.received().indexOf("Connection: close") >= 0)
        .count();
  }

  private void isGivenBack() {
    crowd.forEach(SimulatedNode.Client::hangUp);
    node.runAll();
    crowd.forEach(SimulatedNode.Client::received);
    crowd.clear();
    assertThat(node.budget.taken()).isZero();
  }
}
