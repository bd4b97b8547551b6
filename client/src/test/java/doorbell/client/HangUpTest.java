package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class HangUpTest {
  private static final EventId ID = EventId.of(22482);

  private final HandClock clock = new HandClock();

  @Test
  void aCancelledWaitHangsUpAndLeavesNothingBehind() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID, Duration.ofMinutes(1));
      await().until(() -> node.held() == 1);
      wait.cancel(true);
      await().until(() -> node.hangUps.get() == 1);
      clock.awaitNonePending();
      assertThat(node.requests).hasSize(1);
    }
  }

  @Test
  void aWaitCancelledInAPauseAsksNoMore() {
    try (FakeNode node = new FakeNode(answer(503, ""))) {
      var wait = clock.doorbell(node).wait(ID);
      clock.awaitPending(Duration.ofMillis(500));
      wait.cancel(true);
      clock.awaitNonePending();
      clock.advance(Duration.ofHours(1));
      assertThat(node.requests).hasSize(1);
    }
  }

  @Test
  void aWaitHungUpInTheMiddleOfAnAnswerEnds() {
    String half = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"set\"";
    try (FakeNode node = new FakeNode(half)) {
      var wait = clock.doorbell(node).wait(ID);
      await().until(() -> node.requests.size() == 1);
      wait.cancel(true);
      await().until(() -> node.hangUps.get() == 1);
    }
  }

  @Test
  void aWaitThatSomebodyCompletesHangsUpToo() {
    try (FakeNode node = new FakeNode()) {
      var wait = clock.doorbell(node).wait(ID).orTimeout(1, TimeUnit.MILLISECONDS);
      assertThat(wait).failsWithin(Duration.ofSeconds(10));
      await().until(() -> node.open() == 0 && clock.pending().isEmpty());
    }
  }

  @Test
  void waitsCancelledWhileTheyConnectLeaveNoConnection() {
    try (FakeNode node = new FakeNode()) {
      Doorbell doorbell = clock.doorbell(node);
      for (int i = 0; i < 200; i++) {
        doorbell.wait(ID).cancel(true);
      }
      var last = doorbell.wait(EventId.of(1));
      await().until(() -> node.lines().contains("GET /1?timeout=22.5"));
      await().until(() -> node.open() == 1);
      last.cancel(true);
      await().until(() -> node.open() == 0 && clock.pending().isEmpty());
    }
  }

  @Test
  void aStepThatBeginsAfterTheEndIsEnded() {
    StepChain<String> steps = new StepChain<>();
    steps.done.cancel(true);
    CompletableFuture<String> exchange = new CompletableFuture<>();
    steps.next(exchange, (value, error) -> steps.done.complete("never"));
    steps.pause(clock.pace, Duration.ofSeconds(1), () -> {});
    assertThat(exchange).isCancelled();
    clock.awaitNonePending();
  }

  @Test
  void aStepThatFailsEndsTheTask() {
    StepChain<String> steps = new StepChain<>();
    steps.next(
        CompletableFuture.completedFuture(1),
        (value, error) -> {
          throw new IllegalStateException("as the test wants it");
        });
    assertThat(steps.done).isCompletedExceptionally();
  }

  @Test
  void aCancelledListHangsUpItsRequest() {
    try (FakeNode node = new FakeNode(answer(200, "{\"set\":10000,\"already\":0}"))) {
      var ids = LongStream.range(0, 25_000).mapToObj(EventId::of).toList();
      var count = clock.doorbell(node).setAll(ids);
      await().until(() -> node.held() == 1);
      count.cancel(true);
      await().until(() -> node.hangUps.get() == 1);
      assertThat(node.requests).hasSize(2);
      clock.awaitNonePending();
    }
  }

  @Test
  void aWaitCostsNoThread() {
    try (FakeNode node = new FakeNode()) {
      Doorbell doorbell = clock.doorbell(node);
      List<CompletableFuture<?>> waits = new ArrayList<>();
      for (int i = 1; i <= 200; i++) {
        int count = i;
        waits.add(doorbell.wait(EventId.random()));
        await().pollInterval(Duration.ofMillis(1)).until(() -> node.held() == count);
      }
      long threads =
          Thread.getAllStackTraces().keySet().stream()
              .filter(t -> !t.getName().equals("fake node"))
              .count();
      assertThat(threads).isLessThan(60);
      waits.forEach(wait -> wait.cancel(true));
      await().until(() -> node.open() == 0);
    }
  }
}
