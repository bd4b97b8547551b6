package doorbell.client;

import static doorbell.client.FakeNode.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.assertj.core.api.ThrowableAssertAlternative;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** By the real clock, as in a web request: whatever the node does, the caller goes on in time. */
class FailuresTest {
  private static final Duration PATIENCE = Duration.ofMillis(200);

  /** For a machine that is busy; less than the ten seconds for which a client awaits an answer. */
  private static final Duration IN_TIME = Duration.ofSeconds(8);

  private static final EventId ID = EventId.of(22482);

  @Test
  void aDeadNodeDelaysNobodyForLong() throws IOException {
    try (Socket nobody = FakeNode.nobody()) {
      fails(FakeNode.uri(nobody.getLocalPort(), ""));
    }
  }

  @Test
  void aSilentNodeDelaysNobodyForLong() {
    try (FakeNode node = new FakeNode()) {
      CompletableFuture<?> wait = Doorbell.at(node.uri("")).wait(ID, PATIENCE);
      fails(node.uri(""));
      failure(wait).isInstanceOf(TimeoutException.class);
      await().until(() -> node.open() == 0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nhal",
        "HTTP/1.1 503 Later\r\nContent-Length: 0\r\nRetry-After: 60\r\n\r\n",
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
      })
  void aNodeThatFailsDelaysNobodyForLong(String answer) {
    try (FakeNode node = new FakeNode()) {
      for (int i = 0; i < 1_000; i++) {
        node.prepare(answer);
      }
      fails(node.uri(""));
    }
  }

  @Test
  void aRefusalComesAtOnce() {
    try (FakeNode node = new FakeNode(answer(403, "{\"detail\":\"not the key\"}"))) {
      failure(Doorbell.at(node.uri("")).set(ID))
          .isInstanceOf(DoorbellException.class)
          .withMessage("not the key (status 403)");
    }
  }

  private static void fails(URI node) {
    Doorbell bell = Doorbell.at(node).withPatience(PATIENCE);
    List<CompletableFuture<?>> sets =
        List.of(bell.set(ID), bell.set(SealedId.random()), bell.setAll(List.of(ID)));
    for (CompletableFuture<?> set : sets) {
      failure(set)
          .isInstanceOf(DoorbellException.class)
          .withMessageMatching("Could not set [0-9a-z ]+ in 0.2 s: (?s).+");
    }
  }

  private static ThrowableAssertAlternative<?> failure(CompletableFuture<?> future) {
    return assertThat(future)
        .failsWithin(IN_TIME)
        .withThrowableOfType(ExecutionException.class)
        .havingCause();
  }
}
