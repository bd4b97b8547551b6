package doorbell.http;

import static java.util.Objects.requireNonNull;

import doorbell.http.Http1Encoder.After;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;

/**
 * One client's connection of HTTP/1.1, until a request asks for another protocol. Belongs to its
 * loop's thread.
 *
 * <pre>
 * IDLE --first byte--> READING --a whole request--> answered at once, and IDLE again
 *  ^                      |    \
 *  |              refused |     +--> ASKED: a wait is parked, or a set is being stored;
 *  |                      v           |     no decoder stands by
 *  |    closed <------ CLOSING <------+ answered
 *  +----------------------------------+
 * READING --a request for WebSocket, or the preface of HTTP/2--> HANDED_ON
 * </pre>
 */
final class Http1Connection extends Http1 implements Protocol, Turns.Taker {

  private enum State {
    IDLE,
    READING,
    ASKED,
    CLOSING,
    HANDED_ON
  }

  private State state = State.IDLE;

  /** Requests have come that are served in its next turn. */
  private boolean resting;

  /** The client sends no more. */
  private boolean ended;

  Http1Connection(Node node, Loop loop, Endpoint endpoint) {
    super(node, loop, endpoint);
  }

  @Override
  public void onOpen() {
    loop.deadlines.set(this, node.options().idleTimeout().toMillis());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    inRead = true;
    switch (state) {
      case IDLE, READING -> {
        if (resting) {
          keepBehind(bytes);
        } else {
          read(bytes);
        }
      }
      case ASKED -> keepBehind(bytes);
      case CLOSING, HANDED_ON -> {}
    }
  }

  @Override
  public void onReadEnd() {
    inRead = false;
    endpoint.flush();
  }

  @Override
  public void onEnd() {
    ended = true;
    endWait();
    closeIfEnded();
  }

  /** All whole requests of a client that sends no more are answered. */
  private void closeIfEnded() {
    if (ended && (isGone() || (mayRead() && !resting))) {
      endpoint.close();
    }
  }

  @Override
  boolean hasEnded() {
    return ended;
  }

  @Override
  public void onWritable() {
    if (state == State.IDLE && !resting) {
      onTurn();
    } else {
      readOrPause();
    }
  }

  @Override
  public void onTurn() {
    resting = false;
    if (state == State.IDLE || state == State.READING) {
      inRead = true;
      resume();
      inRead = false;
      endpoint.protocol().onReadEnd();
      if (ended && state == State.HANDED_ON) {
        endpoint.protocol().onEnd();
      }
    }
  }

  /** What has come already is served when the others had their turns. */
  private void rest() {
    if (!resting) {
      resting = true;
      loop.turns.ask(this);
    }
    readOrPause();
  }

  @Override
  public void onClosed() {
    state = State.CLOSING;
    abandon();
    dropInput();
    loop.deadlines.cancel(this);
  }

  @Override
  void onDeadline() {
    if (resting && state != State.CLOSING) { // What waits for its turn may have come in time.
      loop.deadlines.set(this, Limits.LINGER_MILLIS);
      return;
    }
    switch (state) {
      case IDLE, CLOSING -> endpoint.cut();
      case READING -> refuseAndClose(new HttpError(408, "the request took too long to arrive"));
      case ASKED -> requireNonNull(pending).onDeadline();
      case HANDED_ON -> {}
    }
  }

  private void read(ByteBuf came) {
    if (unread != null && Http1Decoder.endsNoLine(unread, came)) {
      keepBehind(came);
      return;
    }
    ByteBuf kept = unread;
    unread = null;
    ByteBuf bytes = kept == null ? came : kept.writeBytes(came);
    Http1Decoder reader = decoder == null ? loop.takeDecoder() : decoder;
    decoder = null;
    try {
      while (mayRead() && bytes.isReadable() && reader.decode(bytes, this::onPiece)) {
        if (bytes.isReadable() && loop.turns.isOver() && mayRead()) {
          rest();
        }
      }
      afterRead(reader, bytes);
    } finally {
      if (reader != decoder) {
        reader.release(node.budget());
      }
      ReferenceCountUtil.release(kept);
    }
  }

  private void afterRead(Http1Decoder reader, ByteBuf rest) {
    if (reader.isBetweenRequests()) {
      loop.giveBack(reader);
    } else if (state != State.CLOSING && state != State.HANDED_ON) {
      decoder = reader;
    }
    if (state == State.HANDED_ON) {
      endpoint.protocol().onBytes(rest);
      if (!inRead) {
        endpoint.protocol().onReadEnd();
      }
      return;
    }
    boolean begun = decoder != null || (rest.isReadable() && !resting); // Else nobody knows yet.
    if (state == State.IDLE && endpoint.isWritable() && begun) {
      state = State.READING;
      loop.deadlines.set(this, node.options().headTimeout().toMillis());
    }
    if (state != State.CLOSING) {
      keepBehind(rest);
    }
  }

  /** Answers that aren't taken keep the next request from being read. */
  private boolean mayRead() {
    return (state == State.IDLE || state == State.READING) && !resting && endpoint.isWritable();
  }

  private void onPiece(Object piece) {
    if (piece instanceof HttpRequest head && state != State.CLOSING) {
      if (RequestReader.isPreface(head)) {
        handOn(new Http2ServerConnection(node, loop, endpoint));
      } else {
        onHead(new RequestReader(head, node));
      }
    }
    if (piece instanceof HttpContent content && reader != null) {
      onBody(reader, content);
    }
  }

  private void onHead(RequestReader request) {
    reader = request;
    after = request.after;
    old = request.old;
    HttpError hopeless = request.hopeless();
    if (hopeless != null) {
      refuseAndClose(hopeless);
    } else if (request.expectsContinue) {
      endpoint.write(Http1Encoder.goOn());
      endpoint.flush();
    }
  }

  private void onBody(RequestReader request, HttpContent content) {
    boolean whole = request.add(content);
    HttpError hopeless = request.hopeless();
    if (hopeless != null) {
      refuseAndClose(hopeless);
    } else if (whole) {
      reader = null;
      act(request);
    }
  }

  private void act(RequestReader whole) {
    try {
      Request request = whole.request();
      if (request.what() == Request.What.WEB_SOCKET) {
        endpoint.write(loop.encoder.whole(WebSocketHandshake.accept(whole), After.UPGRADES));
        handOn(new WebSocketConnection(node, loop, endpoint));
        return;
      }
      act(request, whole);
      if (pending != null) {
        state = State.ASKED;
      }
    } catch (HttpError refused) {
      answer(Response.problem(refused, whole.head));
    } finally {
      whole.release();
    }
  }

  /** From now on {@code next} has the endpoint; what has come for it already follows. */
  private void handOn(Protocol next) {
    state = State.HANDED_ON;
    loop.deadlines.cancel(this);
    endpoint.handTo(next);
    next.onOpen();
  }

  /** What follows is not to be read. */
  void refuseAndClose(HttpError refused) {
    after = After.CLOSES;
    answer(Response.problem(refused, reader != null && reader.head));
  }

  @Override
  boolean isGone() {
    return state == State.CLOSING;
  }

  @Override
  void finish(ByteBuf response) {
    if (isGone()) {
      response.release();
      return;
    }
    boolean suspended = state == State.ASKED;
    if (after() == After.CLOSES) {
      closeAfter(response);
      return;
    }
    state = State.IDLE;
    loop.deadlines.set(this, node.options().idleTimeout().toMillis());
    endpoint.write(response);
    if (suspended && unread != null) {
      rest(); // Not on the stack of whoever set what was waited for.
    } else if (suspended) {
      readOrPause();
      closeIfEnded();
    }
    flushSoon();
  }

  /**
   * Sends the end, and reads on for a while: unread bytes would make the kernel drop the answer.
   */
  private void closeAfter(ByteBuf response) {
    state = State.CLOSING;
    dropInput();
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
    endpoint.write(response);
    endpoint.finish();
    readOrPause();
  }

  /** Reads what came behind a request that was answered now. */
  private void resume() {
    ByteBuf next = unread;
    unread = null;
    readOrPause();
    if (next != null) {
      try {
        read(next);
      } finally {
        next.release();
      }
    }
    closeIfEnded();
  }

  private void keepBehind(ByteBuf bytes) {
    if (bytes.isReadable()) {
      int more = bytes.readableBytes();
      unread = (unread == null ? loop.allocator.buffer(more) : unread).writeBytes(bytes);
    }
    if (!mayWait()) {
      abandon();
      refuseAndClose(Budget.refused());
    } else if (isBehindFull() && isParked()) {
      abandon();
      refuseAndClose(HttpError.behindAWait());
    } else {
      readOrPause();
    }
  }

  /** A client that doesn't take its answers, or runs ahead of its sets, isn't listened to. */
  private void readOrPause() {
    boolean taken = endpoint.isWritable();
    if (!taken && node.budget().isSpentFor(Endpoint.MAX_UNSENT)) {
      endpoint.cut();
    } else {
      endpoint.listen(taken && !isBehindFull() && !resting);
    }
  }
}
