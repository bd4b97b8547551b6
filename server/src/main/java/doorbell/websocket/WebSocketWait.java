package doorbell.websocket;

import doorbell.io.Endpoint;
import doorbell.wait.EventName;
import doorbell.wait.LoopWaiter;
import doorbell.wait.Wakeups;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A wait of a {@link WebSocketConnection}'s client for one id: all memory of the wait, beside the
 * id. Equal to a wait for the same id in the same spelling.
 */
final class WebSocketWait extends LoopWaiter {
  final WebSocketConnection socket;

  /** The next wait in the chain for a client without room. */
  @Nullable WebSocketWait nextUntold;

  private final @Nullable String spelling;

  WebSocketWait(WebSocketConnection socket, EventName name) {
    super(name.id());
    this.socket = socket;
    this.spelling = name.spelling();
  }

  String text() {
    return new EventName(id(), spelling).text();
  }

  @Override
  protected Wakeups wakeups() {
    return socket.http.waits.wakeups;
  }

  @Override
  protected Endpoint endpoint() {
    return socket.endpoint();
  }

  @Override
  protected void onWake() {
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
