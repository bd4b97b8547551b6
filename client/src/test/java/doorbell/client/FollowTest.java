package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static doorbell.client.FakeNode.wake;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FollowTest {
  private final HandClock clock = new HandClock();
  private final FakeNode node = new FakeNode();
  private final FakeNode application = new FakeNode();
  private final List<String> delivered = new CopyOnWriteArrayList<>();

  private final List<Throwable> errors = new CopyOnWriteArrayList<>();

  private CompletableFuture<Void> following = new CompletableFuture<>();

  @AfterEach
  void close() {
    following.cancel(true);
    node.close();
    application.close();
  }

  @Test
  void itAsksDeliversWaitsAndAsksAgain() {
    application.prepare(answer(200, "one", "Doorbell-Wait: " + node.uri("/doorbell/1")));
    application.prepare(answer(200, "two", "Doorbell-Wait: 2"));
    follow();
    await().until(() -> node.held() == 1);
    assertThat(delivered).containsExactly("one");
    node.release(wake("1"));
    await().until(() -> node.held() == 1);
    assertThat(delivered).containsExactly("one", "two");
    node.release(wake("2"));
    await().until(() -> application.held() == 1);
    assertThat(application.lines()).containsOnly("GET /news");
    assertThat(node.lines()).containsExactly("GET /doorbell/1?timeout=22.5", "GET /2?timeout=22.5");
  }

  @Test
  void theRequestIsTheCallersOwn() {
    HttpRequest request =
        HttpRequest.newBuilder(application.uri("/news")).header("Authorization", "me").build();
    following = clock.doorbell(node).follow(request, this::deliver);
    await().until(() -> application.held() == 1);
    assertThat(application.requests.get(0).head()).contains("Authorization: me");
  }

  @Test
  void anEventPathIsRelativeToTheApplication() {
    application.prepare(answer(200, "one", "Doorbell-Wait: /bell/7", "Doorbell-Wait: 8"));
    Doorbell bell = clock.doorbell(node).withOrigins(application.uri("/whatever"));
    following = bell.follow(application.uri("/news"), this::deliver);
    await().until(() -> application.held() == 1);
    assertThat(application.lines()).containsExactly("GET /news", "GET /bell/7,8?timeout=22.5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/1", "http://127.0.0.1:%d/1", "http://localhost:%d/1", "//[::1]:%d/1"})
  void anotherHostThanTheBellsIsNotAsked(String named) {
    try (FakeNode stranger = new FakeNode()) {
      String event = named.formatted(stranger.uri("").getPort());
      application.prepare(answer(200, "one", "Doorbell-Wait: " + event));
      follow();
      clock.pass(Duration.ofMillis(500));
      await().until(() -> application.held() == 1);
      assertThat(errors).singleElement().asString().contains("is not asked", "withOrigins");
      assertThat(stranger.open() + node.open()).isZero();
      assertThat(application.lines()).containsExactly("GET /news", "GET /news");
    }
  }

  @Test
  void whatFailsIsToldToTheCaller() {
    application.prepare(answer(500, "oops"));
    application.prepare(answer(200, "bad", "Doorbell-Wait: 1"));
    application.prepare(answer(200, "no header"));
    application.prepare(answer(200, "an id is missing", "Doorbell-Wait: 1,"));
    application.prepare(answer(200, "well", "Doorbell-Wait: 1"));
    node.prepare(answer(400, "refused"));
    follow();
    for (int pause : new int[] {500, 1_000, 2_000, 4_000, 8_000}) {
      clock.pass(Duration.ofMillis(pause));
    }
    await().until(() -> application.held() == 1);
    assertThat(errors.stream().map(Throwable::getMessage).toList())
        .satisfiesExactly(
            error -> assertThat(error).contains("oops"),
            error -> assertThat(error).contains("as the test wants it"),
            error -> assertThat(error).contains("no header Doorbell-Wait"),
            error -> assertThat(error).contains("not a valid event id"),
            error -> assertThat(error).contains("refused"));
  }

  @Test
  void anEventOfSeveralThatRangBeforeIsNotWaitedForAgain() {
    application.prepare(answer(200, "one", "Doorbell-Wait: 1, 2"));
    application.prepare(answer(200, "same", "Doorbell-Wait: 3, 2"));
    node.prepare(wake("2"));
    follow();
    clock.pass(Duration.ofMillis(500));
    await().until(() -> application.held() == 1);
    assertThat(node.lines()).containsExactly("GET /1,2?timeout=22.5");
    assertThat(errors).singleElement().asString().contains("2, which is set already");
  }

  @Test
  void itLooksAgainThoughNothingRings() {
    application.prepare(answer(200, "one", "Doorbell-Wait: 1"));
    follow();
    await().until(() -> node.held() == 1);
    clock.advance(Duration.ofMinutes(5));
    await().until(() -> application.held() == 1);
    await().until(() -> node.hangUps.get() == 1);
  }

  @Test
  void itLooksAgainThoughTheNodeIsDead() throws IOException {
    try (Socket nobody = FakeNode.nobody()) {
      URI dead = FakeNode.uri(nobody.getLocalPort(), "/1");
      application.prepare(answer(200, "one", "Doorbell-Wait: " + dead));
      follow();
      clock.awaitPending(Duration.ofMillis(500));
      clock.advance(Duration.ofMinutes(5));
      await().until(() -> application.held() == 1);
    }
  }

  @Test
  void anEventThatRangBeforeIsNotWaitedForAgain() {
    for (int i = 0; i < 3; i++) {
      application.prepare(answer(200, "same", "Doorbell-Wait: 1"));
    }
    node.prepare(wake("1"));
    follow();
    clock.pass(Duration.ofMillis(500));
    clock.pass(Duration.ofSeconds(1));
    await().until(() -> application.held() == 1);
    assertThat(node.requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "nonsense", "http://", "ftp://bell.example/1", "1,,2", "/a b/1", "//1"})
  void anAnswerThatNamesNoEventIsDeliveredAndAskedForLater(String named) {
    application.prepare(answer(200, "news", "Doorbell-Wait: " + named));
    application.prepare(answer(200, "news"));
    follow();
    clock.pass(Duration.ofMillis(500));
    clock.pass(Duration.ofSeconds(1));
    await().until(() -> application.held() == 1);
    assertThat(delivered).containsExactly("news", "news");
  }

  @Test
  void aFailingApplicationIsAskedAgainAfterGrowingPauses() {
    application.prepare(answer(500, "oops", "Doorbell-Wait: 1"));
    application.prepare(answer(404, "gone"));
    application.prepare(answer(302, "", "Location: /login"));
    application.prepare(answer(503, "", "Retry-After: 9"));
    follow();
    clock.pass(Duration.ofMillis(500));
    clock.pass(Duration.ofSeconds(1));
    clock.pass(Duration.ofSeconds(2));
    clock.pass(Duration.ofMillis(13_500));
    await().until(() -> application.held() == 1);
    assertThat(delivered).isEmpty();
    assertThat(node.requests).isEmpty();
  }

  @Test
  void aDeadApplicationIsAskedUntilItIsBack() throws IOException {
    Socket nobody = FakeNode.nobody();
    int port = nobody.getLocalPort();
    following = clock.doorbell(node).follow(FakeNode.uri(port, "/news"), this::deliver);
    clock.pass(Duration.ofMillis(500));
    clock.awaitPending(Duration.ofSeconds(1));
    nobody.close();
    try (FakeNode back = new FakeNode(port, answer(200, "back"))) {
      clock.advance(Duration.ofSeconds(1));
      await().until(() -> delivered.contains("back"));
      assertThat(back.requests).hasSize(1);
    }
  }

  @Test
  void aSilentApplicationIsHungUpOn() {
    follow();
    await().until(() -> application.held() == 1);
    clock.advance(Duration.ofSeconds(60));
    await().until(() -> application.hangUps.get() == 1);
    clock.awaitPending(Duration.ofMillis(500));
  }

  @Test
  void aRefusalOfTheNodeDoesNotEndIt() {
    application.prepare(answer(200, "one", "Doorbell-Wait: 1"));
    node.prepare(answer(400, "no"));
    follow();
    clock.pass(Duration.ofMillis(500));
    await().until(() -> application.held() == 1);
  }

  @Test
  void aConsumerThatThrowsIsGivenTheNextAnswer() {
    application.prepare(answer(200, "bad", "Doorbell-Wait: 1"));
    application.prepare(answer(200, "good", "Doorbell-Wait: 1"));
    follow();
    clock.pass(Duration.ofMillis(500));
    await().until(() -> node.held() == 1);
    assertThat(delivered).containsExactly("good");
  }

  @Test
  void cancellingEndsTheWaitUnderWay() {
    application.prepare(answer(200, "one", "Doorbell-Wait: 1"));
    follow();
    await().until(() -> node.held() == 1);
    following.cancel(true);
    await().until(() -> node.hangUps.get() == 1);
    clock.awaitNonePending();
    assertThat(application.requests).hasSize(1);
  }

  @Test
  void cancellingEndsTheQuestionUnderWay() {
    follow();
    await().until(() -> application.held() == 1);
    following.cancel(true);
    await().until(() -> application.hangUps.get() == 1);
    clock.awaitNonePending();
  }

  private void follow() {
    HttpRequest news = HttpRequest.newBuilder(application.uri("/news")).build();
    following = clock.doorbell(node).follow(news, this::deliver, errors::add);
  }

  private void deliver(HttpResponse<String> answer) {
    if (answer.body().equals("bad")) {
      throw new IllegalStateException("as the test wants it");
    }
    delivered.add(answer.body());
  }
}
