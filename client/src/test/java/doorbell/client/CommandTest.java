package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static doorbell.client.FakeNode.wake;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command does what the suite over all clients relies on. */
@Timeout(60)
class CommandTest {
  private final FakeNode node = new FakeNode();
  private final String url = node.uri("").toString();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void itWaitsForAnyAndPrintsWhichAreSet() {
    node.prepare(wake("007"));
    assertThat(run("", "wait", url, "5,007")).isZero();
    assertThat(out).hasToString("007\n");
  }

  @Test
  void aWaitThatIsNotSetInTimePrintsNothing() {
    node.prepare(answer(204, ""));
    assertThat(run("", "wait", url, "5", "0")).isEqualTo(1);
    assertThat(out).hasToString("");
  }

  @Test
  void itTellsWhoWasFirst() {
    node.prepare(answer(201, ""));
    node.prepare(answer(200, ""));
    assertThat(run("", "set", url, "5")).isZero();
    assertThat(run("", "set", url, "5", "ignored")).isZero();
    assertThat(out).hasToString("first\nalready\n");
  }

  @Test
  void itSetsPlainAndSealedLines() {
    SealedId sealed = SealedId.ofKey("k");
    node.prepare(answer(200, "{\"set\":1,\"already\":1}"));
    node.prepare(answer(200, "{\"set\":1,\"already\":0}"));
    assertThat(run("5\n" + sealed.id() + " k\n6 ignored\n", "setAll", url)).isZero();
    assertThat(out).hasToString("2 1\n");
    assertThat(node.requests.stream().map(FakeNode.Request::body))
        .containsExactly("5\n6", sealed.id() + " k");
  }

  @Test
  void itDerives() {
    SealedId id = Doorbell.at(node.uri("")).withSecret("s").topic("room").at(7);
    assertThat(run("", "derive", "s", "room", "7")).isZero();
    assertThat(out).hasToString(id.id() + " " + id.key() + "\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "wait ftp://bell.example 5 → A node is an http",
        "wait NODE 5;6 → \"5;6\" is not a valid event id",
        "wait NODE 5, → An empty text is not a valid event id",
        "wait NODE 5 soon → Seconds are",
        "set NODE x → \"x\" is not a valid event id",
        "setAll NODE → \"not\" is not a valid event id",
        "derive s room 07 → A version is",
        "derive s room → Usage",
        "ring NODE 5 → Usage",
        "wait → Usage"
      })
  void misuseIsOneSentence(String misuse) {
    String[] told = misuse.replace("NODE", url).split(" → ", 2);
    assertThat(run("not an id\n", told[0].split(" ", -1))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).startsWith(told[1]).hasLineCount(1);
    assertThat(out).hasToString("");
    assertThat(node.requests).isEmpty();
  }

  @Test
  void aRefusalIsTheNodesSentence() {
    node.prepare(answer(403, "{\"detail\":\"the body is not the key\"}"));
    assertThat(run("", "set", url, "0".repeat(64))).isEqualTo(2);
    assertThat(err).hasToString("the body is not the key (status 403)\n");
  }

  private int run(String in, String... arguments) {
    return Command.run(
        List.of(arguments),
        new ByteArrayInputStream(in.getBytes(UTF_8)),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }
}
