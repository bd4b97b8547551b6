package doorbell.websocket;

import doorbell.access.Credential;
import doorbell.access.Setter;
import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.io.Turns;
import doorbell.limit.QuotaException;
import doorbell.wait.EventName;
import doorbell.wait.Parked;
import doorbell.websocket.WebSocketFrames.Broken;
import doorbell.websocket.WebSocketFrames.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A client over WebSocket: many waits on one connection, a line in each message. Belongs to the
 * loop's thread. A wait costs a {@link WebSocketWait}; between messages no buffer is kept. For a
 * client that doesn't read, no messages are made: set waits form a chain.
 *
 * <pre>
 * open --close frame, broken frame, drain--> closing --answered, or too slow--> closed
 * </pre>
 */
public final class WebSocketConnection extends WebSocketWriter
    implements Protocol, Parked, Turns.Taker {
  private final WebSocketFrames frames = new WebSocketFrames();
  private final Map<WebSocketWait, WebSocketWait> waits = new HashMap<>(4);

  /** Bytes of an unfinished frame, or of frames that can't be read yet. */
  private @Nullable ByteBuf unread;

  /** The number of the message that is partly here and awaited; 0 if there is none. */
  private int awaited;

  /** True while messages that are here wait for the next turn. */
  private boolean resting;

  private boolean asked;

  /** True once the client sends no more. */
  private boolean ended;

  /** True once the connection is closed: no bytes are kept any more. */
  private boolean gone;

  /** True after a broken frame: what follows isn't read. */
  private boolean broken;

  /** Takes the token that came with the handshake; null if none came, or none is needed. */
  public WebSocketConnection(HttpLoop http, Endpoint endpoint, @Nullable Credential credential) {
    super(http, endpoint, credential);
  }

  @Override
  public void onOpen() {
    http.io.deadlines.set(this, HttpLimits.PING_MILLIS);
    if (http.waits.isDraining()) {
      drain();
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    inRead = true;
    heard = true;
    if (broken) {
      return;
    }
    ByteBuf kept = unread;
    unread = null;
    ByteBuf all = kept == null ? bytes : kept.writeBytes(bytes);
    try {
      readFrames(all);
      unread = WebSocketFrames.rest(all, kept, http.io.allocator);
      if (isSpent()) {
        close(WebSocketFrames.TRY_AGAIN_LATER, HttpError.memoryIsShort().sentence());
        dropInput();
      }
      if (gone) {
        dropInput(); // A line's answer had the client cut off.
      }
    } catch (Broken why) {
      close(why.code, String.valueOf(why.getMessage()));
      broken = true;
      dropInput();
      endpoint.finish();
    } finally {
      ReferenceCountUtil.release(kept);
    }
    readOrPause();
  }

  /**
   * True if the budget has no room for bytes of messages that are unfinished or can't be read yet.
   */
  private boolean isSpent() {
    int held = frames.held() + (unread == null ? 0 : unread.capacity());
    return held > 0 && http.io.budget.isSpentFor(held);
  }

  private void readFrames(ByteBuf bytes) throws Broken {
    Frame frame;
    while (mayRead() && (frame = frames.next(bytes, http.io.allocator)) != null) {
      switch (frame.opcode()) {
        case WebSocketFrames.TEXT -> onLine(frame.text());
        case WebSocketFrames.PING -> pong(frame.payload());
        case WebSocketFrames.CLOSE -> onClose(frame.closeCode());
        default -> {}
      }
      if (bytes.isReadable() && http.io.turns.isOver() && !resting) {
        resting = true;
        http.io.turns.ask(this);
      }
    }
  }

  @Override
  public void onTurn() {
    resting = false;
    resume();
    closeIfEnded();
  }

  /** A client that doesn't read, or runs ahead of the store, isn't listened to. */
  private boolean mayRead() {
    boolean heeds = untold == null && endpoint.isWritable();
    return heeds && !resting && !gone && setsInFlight < HttpLimits.SETS_IN_FLIGHT;
  }

  @Override
  void readOrPause() {
    endpoint.listen(mayRead());
  }

  /** Sets a deadline for a message that is partly here: P57. */
  private void await() {
    boolean partial = mayRead() && (unread != null || frames.isInMessage());
    int now = partial ? frames.count() + 1 : 0;
    if (!closing && untold == null && now != awaited) {
      awaited = now;
      http.io.deadlines.set(
          this, partial ? http.options.headTimeout().toMillis() : HttpLimits.PING_MILLIS);
    }
  }

  private void onClose(int code) {
    close(code, "");
    endpoint.close();
  }

  private void onLine(String message) {
    if (closing) {
      return;
    }
    try {
      WebSocketLine line = WebSocketLine.parse(message, http.access);
      switch (line.verb()) {
        case WAIT -> line.events().forEach(this::wait);
        case FORGET -> line.events().forEach(event -> end(new WebSocketWait(this, event)));
        case SET -> set(line.events().get(0));
      }
    } catch (HttpError refused) {
      refuse("", refused);
    }
  }

  private void wait(EventName event) {
    WebSocketWait wait = new WebSocketWait(this, event);
    if (closing || waits.containsKey(wait)) {
      return;
    }
    try {
      int most = http.options.maxWaitsPerConnection();
      if (waits.size() >= most) {
        throw new HttpError(
            429, "a connection has at most " + most + " waits; forget some, or open another");
      }
      acquire();
    } catch (HttpError | QuotaException refused) {
      refuse(event.text() + ": ", refused);
      return;
    }
    waits.put(wait, wait);
    http.waits.lookUp(wait, (found, cause) -> looked(wait, found, cause));
  }

  private void looked(WebSocketWait wait, @Nullable Boolean found, @Nullable Throwable cause) {
    if (Boolean.TRUE.equals(found)) {
      onSet(wait);
    } else if (cause != null && waits.get(wait) == wait) {
      if (end(wait)) {
        tell(wait);
      } else {
        fail(wait.text(), cause);
      }
    }
  }

  /** The wait's event is set; the wait may have ended already. */
  void onSet(WebSocketWait wait) {
    if (waits.get(wait) == wait) {
      end(wait);
      tell(wait);
    }
  }

  /** Ends a wait equal to {@code equal}, if any; true if the event is known to be set. */
  private boolean end(WebSocketWait equal) {
    WebSocketWait wait = waits.remove(equal);
    if (wait == null) {
      return false;
    }
    release(1);
    return http.waits.leave(wait);
  }

  private void set(EventName event) throws HttpError {
    Setter setter = admit(event.text());
    boolean hasRoom = setter == null || hasRoom(setter, event.text());
    setsInFlight++;
    if (setter == null || hasRoom) {
      store(event, setter);
    } else {
      lookUp(event, setter);
    }
  }

  @Override
  void onSettled() {
    setsInFlight--;
    if (setsInFlight == HttpLimits.SETS_IN_FLIGHT - 1 && !inRead) {
      resume();
    }
    closeIfLeaving();
    closeIfEnded();
  }

  @Override
  public void onReadEnd() {
    inRead = false;
    endpoint.flush();
    readOrPause();
    await();
  }

  /** Sets in progress are stored before the connection closes. */
  @Override
  public void onEnd() {
    ended = true;
    leaveAll();
    closeIfEnded();
  }

  private void closeIfEnded() {
    if (ended && !resting && (setsInFlight == 0 || closing)) {
      endpoint.close();
    }
  }

  @Override
  public void onWritable() {
    tellUntold();
    resume();
  }

  /** Reads bytes that came while reading was paused. */
  private void resume() {
    ByteBuf next = unread;
    unread = null;
    if (next != null) {
      try {
        onBytes(next);
      } finally {
        next.release();
      }
    }
    onReadEnd();
  }

  /** Pings the client; ends the connection of a dead or late client. */
  @Override
  protected void onDeadline() {
    if (closing && lingersOn()) {
      return;
    }
    boolean isBehind = endpoint.isBehind() && !endpoint.isStalled();
    if (closing || untold != null || (asked && !heard && !isBehind)) {
      endpoint.cut();
      return;
    }
    if (awaited > 0 && !endpoint.isBehind()) {
      close(WebSocketFrames.TOO_SLOW, "a message took too long to arrive");
      return;
    }
    write(WebSocketFrames.ping(allocator())); // In any case: proxies cut what is silent for 60 s.
    asked = true;
    heard = false;
    http.io.deadlines.set(this, HttpLimits.PING_MILLIS);
  }

  @Override
  public boolean isParked() {
    return !waits.isEmpty();
  }

  @Override
  public void drain() {
    close();
  }

  @Override
  public void close() {
    if (broken) {
      endpoint.close();
    }
    close(WebSocketFrames.GOING_AWAY, "the node shuts down; connect again");
  }

  /** Sends a close frame, and gives the client a little time to reply. */
  private void close(int code, String reason) {
    if (closing) {
      return;
    }
    write(WebSocketFrames.close(allocator(), code, reason));
    closing = true;
    heard = false;
    leaveAll();
    http.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
  }

  @Override
  public void onClosed() {
    closing = true;
    gone = true;
    leaveAll();
    http.io.deadlines.cancel(this);
    dropInput();
  }

  private void dropInput() {
    ReferenceCountUtil.release(unread);
    unread = null;
    frames.release();
  }

  private void leaveAll() {
    waits.keySet().forEach(http.waits::leave);
    release(waits.size());
    waits.clear();
    forgetUntold();
  }
}
