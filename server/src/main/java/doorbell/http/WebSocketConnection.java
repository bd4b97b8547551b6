package doorbell.http;

import doorbell.event.EventId;
import doorbell.http.WebSocketFrames.Broken;
import doorbell.http.WebSocketFrames.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * One client over WebSocket: any number of waits on one connection, a line in each message. Belongs
 * to its loop's thread. A wait costs its {@link WebSocketWait}; between messages no buffer stands
 * by. For a client that doesn't read, no messages are made: what was set stands in a chain.
 *
 * <pre>
 * open --close frame, broken frame, drain--> closing --answered, or too slow--> closed
 * </pre>
 */
final class WebSocketConnection extends WebSocketWriter implements Protocol, Turns.Taker {
  private final WebSocketFrames frames = new WebSocketFrames();
  private final Map<WebSocketWait, WebSocketWait> waits = new HashMap<>(4);

  /** Whose places in the waiting room its waits have, where addresses are looked at. */
  private final @Nullable InetAddress place;

  /** Bytes of a frame that isn't all there. */
  private @Nullable ByteBuf unread;

  /** Waits whose events are set and that the client has no room for, the oldest first. */
  private @Nullable WebSocketWait untold;

  private @Nullable WebSocketWait lastUntold;
  private int setsInFlight;

  /** The number of a message that has come in part, and is waited for; 0 if there is none. */
  private int awaited;

  /** Messages have come that are read in its next turn. */
  private boolean resting;

  private boolean heard;
  private boolean asked;

  /** The client sends no more. */
  private boolean ended;

  WebSocketConnection(Node node, Loop loop, Endpoint endpoint) {
    super(node, loop, endpoint);
    this.place = node.quota().addressOf(endpoint);
  }

  @Override
  public void onOpen() {
    loop.deadlines.set(this, Limits.PING_MILLIS);
    if (loop.isDraining()) {
      drain();
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    inRead = true;
    heard = true;
    ByteBuf kept = unread;
    unread = null;
    ByteBuf all = kept == null ? bytes : kept.writeBytes(bytes);
    try {
      readFrames(all);
      unread = WebSocketFrames.rest(all, kept, loop.allocator);
      if (isSpent()) {
        close(WebSocketFrames.TRY_AGAIN_LATER, Budget.refused().sentence());
        dropInput();
      }
    } catch (Broken broken) {
      close(broken.code, String.valueOf(broken.getMessage()));
    } finally {
      ReferenceCountUtil.release(kept);
    }
    readOrPause();
  }

  /** What is held of a message that isn't whole, or can't be read yet, is more than may be. */
  private boolean isSpent() {
    int held = frames.held() + (unread == null ? 0 : unread.capacity());
    return held > 0 && node.budget().isSpentFor(held);
  }

  private void readFrames(ByteBuf bytes) throws Broken {
    Frame frame;
    while (mayRead() && (frame = frames.next(bytes, loop.allocator)) != null) {
      switch (frame.opcode()) {
        case WebSocketFrames.TEXT -> onLine(frame.text());
        case WebSocketFrames.PING -> write(WebSocketFrames.pong(allocator(), frame.payload()));
        case WebSocketFrames.CLOSE -> onClose(frame.closeCode());
        default -> {}
      }
      if (bytes.isReadable() && loop.turns.isOver() && !resting) {
        resting = true;
        loop.turns.ask(this);
      }
    }
  }

  @Override
  public void onTurn() {
    resting = false;
    resume();
    closeIfEnded();
  }

  /** Who doesn't take what is said, or runs ahead of the store, isn't listened to. */
  private boolean mayRead() {
    boolean heeds = untold == null && endpoint.isWritable();
    return heeds && !resting && setsInFlight < Limits.SETS_IN_FLIGHT;
  }

  @Override
  void readOrPause() {
    endpoint.listen(mayRead());
  }

  /** Has a message that came in part be whole in time: P57. */
  private void await() {
    boolean partial = mayRead() && (unread != null || frames.isInMessage());
    int now = partial ? frames.count() + 1 : 0;
    if (!closing && untold == null && now != awaited) {
      awaited = now;
      loop.deadlines.set(
          this, partial ? node.options().headTimeout().toMillis() : Limits.PING_MILLIS);
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
    String line = message.endsWith("\n") ? message.substring(0, message.length() - 1) : message;
    int space = line.indexOf(' ');
    String verb = space < 0 ? line : line.substring(0, space);
    String rest = line.substring(space < 0 ? line.length() : space + 1);
    try {
      switch (verb) {
        case "wait" -> Request.Event.parseAll(rest).forEach(this::wait);
        case "forget" ->
            Request.Event.parseAll(rest).forEach(event -> end(new WebSocketWait(this, event)));
        case "set" -> set(rest);
        default -> throw new HttpError(400, "a line is wait ID..., forget ID... or set ID [KEY]");
      }
    } catch (HttpError refused) {
      say("error " + refused.sentence());
    }
  }

  /** Links the wait first and looks second: so it sees a set, or the set sees it. */
  private void wait(Request.Event event) {
    WebSocketWait wait = new WebSocketWait(this, event);
    if (closing || waits.containsKey(wait)) {
      return;
    }
    try {
      if (waits.size() == node.options().maxWaitsPerConnection()) {
        throw new HttpError(429, "a connection has at most " + waits.size() + " waits");
      }
      node.quota().acquire(place, 1);
    } catch (HttpError refused) {
      say("error " + event.text() + ": " + refused.sentence());
      return;
    }
    waits.put(wait, wait);
    loop.hear(endpoint, node.table().wait(wait), (found, cause) -> looked(wait, found, cause));
  }

  private void looked(WebSocketWait wait, @Nullable Boolean found, @Nullable Throwable cause) {
    if (Boolean.TRUE.equals(found)) {
      onSet(wait);
    } else if (cause != null && waits.get(wait) == wait) {
      if (end(wait)) {
        tell(wait);
      } else {
        say("error " + wait.text() + ": " + HttpError.sentence(cause));
      }
    }
  }

  /** The wait's event is set; it may have heard so already. */
  void onSet(WebSocketWait wait) {
    if (waits.get(wait) == wait) {
      end(wait);
      tell(wait);
    }
  }

  /** Ends a wait that equals this one, if there is one; true if its event is known to be set. */
  private boolean end(WebSocketWait equal) {
    WebSocketWait wait = waits.remove(equal);
    if (wait == null) {
      return false;
    }
    node.quota().release(place, 1);
    return node.table().leave(wait);
  }

  private void tell(WebSocketWait wait) {
    if (untold == null && endpoint.isWritable()) {
      say("set " + wait.text());
      return;
    }
    if (lastUntold == null) {
      untold = wait;
      loop.deadlines.set(this, Limits.PING_MILLIS);
    } else {
      lastUntold.nextUntold = wait;
    }
    lastUntold = wait;
    readOrPause();
  }

  private void set(String line) throws HttpError {
    String text = line.split(" ", 2)[0];
    EventId id = Request.Event.parse(text).id();
    BulkSetBody.line(line, text);
    node.budget().take(Memory.SET);
    setsInFlight++;
    CompletionStage<Boolean> stored = node.table().set(id, 0);
    // Those who wait on the same loop have their answers before the setter has its own.
    loop.wakeBefore(endpoint, () -> keep(text, stored));
  }

  private void keep(String text, CompletionStage<Boolean> stored) {
    loop.flushSoon(node.table());
    loop.hear(endpoint, stored, (first, cause) -> stored(text, cause));
  }

  private void stored(String text, @Nullable Throwable cause) {
    setsInFlight--;
    node.budget().count(-Memory.SET);
    say(cause == null ? "done " + text : "error " + text + ": " + HttpError.sentence(cause));
    if (setsInFlight == Limits.SETS_IN_FLIGHT - 1 && !inRead) {
      resume();
    }
    closeIfEnded();
  }

  @Override
  public void onReadEnd() {
    inRead = false;
    endpoint.flush();
    readOrPause();
    await();
  }

  /** Sets that are being stored are waited for. */
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
    while (untold != null && endpoint.isWritable()) {
      say("set " + untold.text());
      untold = untold.nextUntold;
      loop.deadlines.set(this, Limits.PING_MILLIS);
    }
    lastUntold = untold == null ? null : lastUntold;
    resume();
  }

  /** Reads what had come when nothing was to be read. */
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

  /** Time to ask whether the client is there, or to give it up. */
  @Override
  void onDeadline() {
    if (closing || untold != null || (asked && !heard)) {
      endpoint.cut();
      return;
    }
    if (awaited > 0) {
      close(WebSocketFrames.TOO_SLOW, "a message took too long to arrive");
      return;
    }
    asked = !heard;
    if (asked) {
      write(WebSocketFrames.ping(allocator()));
    }
    heard = false;
    loop.deadlines.set(this, Limits.PING_MILLIS);
  }

  @Override
  boolean isParked() {
    return !waits.isEmpty();
  }

  @Override
  void drain() {
    close();
  }

  @Override
  void close() {
    close(WebSocketFrames.GOING_AWAY, "the node ends; connect again");
  }

  /** Says why, and gives the client a little time to say so too. */
  private void close(int code, String reason) {
    if (closing) {
      return;
    }
    write(WebSocketFrames.close(allocator(), code, reason));
    closing = true;
    leaveAll();
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
  }

  @Override
  public void onClosed() {
    closing = true;
    leaveAll();
    loop.deadlines.cancel(this);
    dropInput();
  }

  private void dropInput() {
    ReferenceCountUtil.release(unread);
    unread = null;
    frames.release();
  }

  private void leaveAll() {
    for (WebSocketWait wait : waits.keySet()) {
      node.table().leave(wait);
      node.quota().release(place, 1);
    }
    waits.clear();
    untold = null;
    lastUntold = null;
  }
}
