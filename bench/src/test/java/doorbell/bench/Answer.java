package doorbell.bench;

import java.util.concurrent.CompletionStage;

/** What a setter hears: true, false, failed; none until then. */
final class Answer {
  private volatile String heard = "none";

  void of(CompletionStage<Boolean> stage) {
    stage.whenComplete(
        (first, failure) -> heard = failure == null ? String.valueOf(first) : "failed");
  }

  @Override
  public String toString() {
    return heard;
  }
}
