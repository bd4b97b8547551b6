package doorbell.http;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One id that a {@link WebSocketConnection}'s client waits for: all that stands by for it, beside
 * the id. Equal to a wait for the same id by the same text.
 */
final class WebSocketWait extends LoopWaiter {
  final WebSocketConnection socket;

  /** The next one that its client has no room to be told of. */
  @Nullable WebSocketWait nextUntold;

  private final @Nullable String spelling;

  WebSocketWait(WebSocketConnection socket, Request.Event event) {
    super(event.id());
    this.socket = socket;
    this.spelling = event.spelling();
  }

  String text() {
    return new Request.Event(id(), spelling).text();
  }

  @Override
  Loop loop() {
    return socket.loop;
  }

  @Override
  Endpoint endpoint() {
    return socket.endpoint();
  }

  @Override
  void onWake() {
    socket.onSet(this);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof WebSocketWait wait
        && id().equals(wait.id())
        && Objects.equals(spelling, wait.spelling);
  }

  @Override
  public int hashCode() {
    return id().hashCode();
  }
}
