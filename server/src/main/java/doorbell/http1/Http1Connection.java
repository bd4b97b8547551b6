package doorbell.http1;

import static java.util.Objects.requireNonNull;

import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.Request;
import doorbell.http.RequestReader;
import doorbell.http.Response;
import doorbell.http1.Http1Encoder.After;
import doorbell.http2.Http2ServerConnection;
import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.io.Turns;
import doorbell.websocket.WebSocketConnection;
import doorbell.websocket.WebSocketHandshake;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;

/**
 * A client's connection of HTTP/1.1, until a request asks for another protocol. Belongs to the
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
final class Http1Connection extends Http1Exchange implements Protocol, Turns.Taker {

  private enum State {
    IDLE,
    READING,
    ASKED,
    CLOSING,
    HANDED_ON
  }

  private State state = State.IDLE;

  /** True once the client sends no more. */
  private boolean ended;

  Http1Connection(Http1 http1, Endpoint endpoint) {
    super(http1, endpoint);
  }

  @Override
  public void onOpen() {
    http1.io.deadlines.set(this, http1.options.idleTimeout().toMillis());
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
      case CLOSING -> heard = true;
      case HANDED_ON -> {}
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

  /** Closes the connection once the client sends no more and all whole requests are answered. */
  private void closeIfEnded() {
    if (ended && (isGone() || (mayRead() && !resting))) {
      endpoint.close();
    }
  }

  @Override
  public boolean hasEnded() {
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

  /** Serves bytes that are here already in a later turn, after other clients. */
  private void rest() {
    if (!resting) {
      resting = true;
      http1.io.turns.ask(this);
    }
    readOrPause();
  }

  @Override
  public void onClosed() {
    state = State.CLOSING;
    abandon();
    dropInput();
    http1.io.deadlines.cancel(this);
  }

  @Override
  protected void onDeadline() {
    if (isBehind() && state != State.CLOSING) { // Bytes that wait for a turn came in time.
      http1.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
      return;
    }
    switch (state) {
      case IDLE -> endpoint.cut();
      case CLOSING -> lingerOrCut();
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
    Http1Decoder reader = decoder == null ? http1.takeDecoder() : decoder;
    decoder = null;
    try {
      while (mayRead() && bytes.isReadable() && reader.decode(bytes, this::onPiece)) {
        if (bytes.isReadable() && http1.io.turns.isOver() && mayRead()) {
          rest();
        }
      }
      afterRead(reader, bytes);
    } finally {
      if (reader != decoder) {
        reader.release(http1.io.budget);
      }
      ReferenceCountUtil.release(kept);
    }
  }

  private void afterRead(Http1Decoder reader, ByteBuf rest) {
    if (reader.isBetweenRequests()) {
      http1.giveBack(reader);
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
    boolean begun = decoder != null || (rest.isReadable() && !resting); // Else unknown yet.
    if (state == State.IDLE && endpoint.isWritable() && begun) {
      state = State.READING;
      http1.io.deadlines.set(this, http1.options.headTimeout().toMillis());
    }
    if (state != State.CLOSING) {
      keepBehind(rest);
    }
  }

  /** The next request isn't read while the client doesn't take responses. */
  private boolean mayRead() {
    return (state == State.IDLE || state == State.READING) && !resting && endpoint.isWritable();
  }

  private void onPiece(Object piece) {
    if (piece instanceof HttpRequest head && state != State.CLOSING) {
      if (Http1Decoder.isHttp2Preface(head)) {
        handOn(new Http2ServerConnection(http1, endpoint));
      } else {
        onHead(new RequestReader(head, http1, endpoint));
      }
    }
    if (piece instanceof HttpContent content && reader != null) {
      onBody(reader, content);
    }
  }

  private void onHead(RequestReader request) {
    reader = request;
    old = request.old;
    after = !request.stays ? After.CLOSES : old ? After.STAYS_AS_ASKED : After.STAYS;
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
        endpoint.write(
            http1.encoder.whole(WebSocketHandshake.accept(whole.webSocketKey), After.UPGRADES));
        handOn(new WebSocketConnection(http1, whole.client, whole.credential));
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

  /** Hands the endpoint to {@code next}; bytes that are here already follow. */
  private void handOn(Protocol next) {
    state = State.HANDED_ON;
    http1.io.deadlines.cancel(this);
    endpoint.handTo(next);
    next.onOpen();
  }

  /** Answers with an error and closes: the bytes that follow aren't read. */
  void refuseAndClose(HttpError refused) {
    refuseAndClose(refused, reader != null && reader.head);
  }

  /** As {@link #refuseAndClose(HttpError)}; {@code headOnly} if the client wants no body. */
  void refuseAndClose(HttpError refused, boolean headOnly) {
    after = After.CLOSES;
    answer(Response.problem(refused, headOnly));
  }

  @Override
  protected boolean isGone() {
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
    http1.io.deadlines.set(this, http1.options.idleTimeout().toMillis());
    write(response);
    if (suspended && unread != null) {
      rest(); // Not on the stack of the set that woke this wait.
    } else if (suspended) {
      readOrPause();
      closeIfEnded();
    }
    flushSoon();
  }

  /**
   * Sends the end of a response, and reads on for a while: unread bytes would make the kernel drop
   * the response.
   */
  private void closeAfter(ByteBuf response) {
    state = State.CLOSING;
    dropInput();
    http1.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
    write(response);
    endpoint.finish();
    readOrPause();
  }

  /** Reads kept bytes behind an answered request. */
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
      unread = (unread == null ? http1.io.allocator.buffer(more) : unread).writeBytes(bytes);
    }
    if (!mayWait()) {
      abandon();
      refuseAndClose(HttpError.memoryIsShort());
    } else if (isBehindFull() && isParked()) {
      abandon();
      refuseAndClose(HttpError.behindAWait());
    } else {
      readOrPause();
    }
  }
}
