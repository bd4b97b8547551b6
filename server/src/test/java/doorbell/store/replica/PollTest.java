package doorbell.store.replica;

import static org.assertj.core.api.Assertions.assertThat;

import doorbell.store.replica.Replica.Vote;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Votes of replicas in the order in which they come: y, n, u for one that isn't filled, - none. */
class PollTest {
  @ParameterizedTest
  @CsvSource({
    "1, y, true",
    "1, n, false",
    "1, u, fails",
    "1, -, fails",
    "3, y, open",
    "3, yy, true",
    "3, yn, false",
    "3, ny, false",
    "3, nn, false",
    "3, yu, open",
    "3, yuy, true",
    "3, y-, open",
    "3, y--, fails",
    "3, --, fails",
    "3, yu-, fails",
    "3, -uu, fails",
    "5, yyn, false",
    "5, yyy, true",
    "5, yy--, open",
    "5, y---, fails"
  })
  void aSetIsDoneWhenAMajorityHasIt(int replicas, String votes, String outcome) {
    assertThat(outcome(new Poll.OfSet(replicas, replicas / 2 + 1), votes)).isEqualTo(outcome);
  }

  /**
   * Else a server could lose a set between its vote and the other one's, and be filled meanwhile.
   */
  @Test
  void aVoteThatComesTooLateDoesNotCount() {
    assertThat(outcome(new Poll.OfSet(3, 2, Long.MIN_VALUE), "yyy")).isEqualTo("fails");
  }

  @ParameterizedTest
  @CsvSource({
    "1, y, true", "1, n, false", "1, u, fails", "1, -, fails", "3, y, true", "3, ny, true",
    "3, n, open", "3, nn, false", "3, n-, open", "3, n--, fails", "3, --y, true", "3, uuy, true",
    "3, nu, open", "3, nuu, fails", "3, nun, false", "3, --, open"
  })
  void anEventIsUnsetIfAMajoritySaysSo(int replicas, String votes, String outcome) {
    assertThat(outcome(new Poll.OfLook(replicas, replicas / 2 + 1), votes)).isEqualTo(outcome);
  }

  private static String outcome(Poll poll, String votes) {
    for (int i = 0; i < votes.length(); i++) {
      poll.take(
          switch (votes.charAt(i)) {
            case 'y' -> CompletableFuture.completedStage(Vote.YES);
            case 'n' -> CompletableFuture.completedStage(Vote.NO);
            case 'u' -> CompletableFuture.completedStage(Vote.UNFILLED);
            default -> CompletableFuture.failedStage(new IllegalStateException("cut"));
          });
    }
    return poll.isCompletedExceptionally()
        ? "fails"
        : poll.isDone() ? Boolean.toString(poll.join()) : "open";
  }
}
