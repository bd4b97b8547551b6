package doorbell.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * An answer's body as text. A body past a node's longest is cut off, since a stray server may send
 * gigabytes; the text is then a sentence that says so.
 */
final class LimitedBody implements BodySubscriber<String> {
  private final BodySubscriber<String> text = BodySubscribers.ofString(UTF_8);
  private final CompletableFuture<String> cut = new CompletableFuture<>();
  private @Nullable Subscription subscription;
  private int bytes;

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    text.onSubscribe(subscription);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      bytes += buffer.remaining();
    }
    if (bytes <= Options.ANSWER_BYTES) {
      text.onNext(buffers);
    } else if (subscription != null) {
      subscription.cancel();
      cut.complete("An answer of more than " + Options.ANSWER_BYTES + " bytes.");
    }
  }

  @Override
  public void onError(Throwable error) {
    text.onError(error);
  }

  @Override
  public void onComplete() {
    text.onComplete();
  }

  @Override
  public CompletionStage<String> getBody() {
    return text.getBody().applyToEither(cut, body -> body);
  }
}
