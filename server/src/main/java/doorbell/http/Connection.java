package doorbell.http;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventTable;
import doorbell.http.Replies.After;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection. Belongs to its loop's thread; what comes from elsewhere (a wake, a
 * stored set) is handed to that thread first.
 *
 * <pre>
 * IDLE --first byte--> READING --a whole request--> answered at once, and IDLE again
 *  ^                      |    \
 *  |              refused |     +--> ASKED: a wait is parked, or a set is being stored;
 *  |                      v           |     no decoder stands by
 *  |    closed <------ CLOSING <------+ answered
 *  +----------------------------------+
 * </pre>
 */
final class Connection {
  static final long NO_DEADLINE = -1;

  private enum State {
    IDLE,
    READING,
    ASKED,
    CLOSING
  }

  /** What the connections of a node share. */
  record Node(EventTable table, WaitingRoom room, HttpOptions options) {}

  // The connection is itself the link of Deadlines.
  long deadline = NO_DEADLINE;
  @Nullable Connection earlier;
  @Nullable Connection later;

  final Node node;
  final Loop loop;
  private final Wire wire;
  private State state = State.IDLE;
  private After after = After.STAYS;
  private boolean inRead;
  private @Nullable RequestDecoder decoder;
  private @Nullable Incoming incoming;
  private @Nullable Pending pending;

  /** Bytes that came and could not be read yet: the start of a request, or what is behind one. */
  private @Nullable ByteBuf unread;

  Connection(Node node, Loop loop, Wire wire) {
    this.node = node;
    this.loop = loop;
    this.wire = wire;
  }

  void onOpen() {
    loop.deadlines.set(this, node.options.idleTimeout().toMillis());
  }

  /** Takes {@code bytes}, which are the caller's again afterwards. */
  void onBytes(ByteBuf bytes) {
    inRead = true;
    switch (state) {
      case IDLE, READING -> read(bytes);
      case ASKED -> keepBehind(bytes);
      case CLOSING -> {}
    }
  }

  /** For now, no more bytes come. */
  void onReadEnd() {
    inRead = false;
    wire.flush();
  }

  void onWritable() {
    if (state == State.IDLE) {
      inRead = true;
      resume();
      onReadEnd();
    } else {
      readOrPause();
    }
  }

  void onClosed() {
    state = State.CLOSING;
    if (pending != null) {
      pending.abandon();
      pending = null;
    }
    dropInput();
    loop.deadlines.cancel(this);
  }

  void onDeadline() {
    switch (state) {
      case IDLE, CLOSING -> wire.cut();
      case READING -> refuseAndClose(new Refused(408, "the request took too long to arrive"));
      case ASKED -> onDecided(requireNonNull(pending));
    }
  }

  /** An answer that was pending is there. */
  void onDecided(Pending decided) {
    if (decided == pending) {
      pending = null;
      answer(decided.end());
    }
  }

  /** Whose connection it is; null if the client is gone. */
  @Nullable InetSocketAddress address() {
    return wire.client();
  }

  /** How the connection goes on after the answer that is written now. */
  After after() {
    return loop.isDraining() ? After.CLOSES : after;
  }

  boolean isParked() {
    return pending instanceof Wait;
  }

  /** The node goes down: a parked wait is answered, if only with "ask again". */
  void drain() {
    if (isParked()) {
      onDecided(requireNonNull(pending));
    }
  }

  /** Closes when all that was answered is sent. */
  void close() {
    wire.close();
  }

  private void read(ByteBuf came) {
    ByteBuf kept = unread;
    unread = null;
    ByteBuf bytes = kept == null ? came : kept.writeBytes(came);
    RequestDecoder reader = decoder == null ? loop.takeDecoder() : decoder;
    decoder = null;
    try {
      while (mayRead() && bytes.isReadable() && reader.decode(bytes, this::onPiece)) {
        // The pieces do the work.
      }
      afterRead(reader, bytes);
    } finally {
      if (kept != null) {
        kept.release();
      }
    }
  }

  private void afterRead(RequestDecoder reader, ByteBuf rest) {
    if (reader.isBetweenRequests()) {
      loop.giveBack(reader);
    } else if (state != State.CLOSING) {
      decoder = reader;
    }
    if (state == State.IDLE && wire.isWritable() && (decoder != null || rest.isReadable())) {
      state = State.READING;
      loop.deadlines.set(this, node.options.headTimeout().toMillis());
    }
    if (state != State.CLOSING) {
      keepBehind(rest);
    }
  }

  /** Answers that aren't taken keep the next request from being read. */
  private boolean mayRead() {
    return (state == State.IDLE || state == State.READING) && wire.isWritable();
  }

  private void onPiece(Object piece) {
    if (piece instanceof HttpRequest head && state != State.CLOSING) {
      onHead(new Incoming(head, node.options.basePath()));
    }
    if (piece instanceof HttpContent content && incoming != null) {
      onBody(incoming, content);
    }
  }

  private void onHead(Incoming request) {
    incoming = request;
    after = request.after;
    if (request.isHopeless()) {
      refuseAndClose(request);
    } else if (request.expectsContinue) {
      wire.write(Replies.goOn());
      wire.flush();
    }
  }

  private void onBody(Incoming request, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      request.refuseBody();
    } else if (request.add(content.content(), loop.allocator)) {
      loop.deadlines.set(this, node.options.headTimeout().toMillis());
    }
    if (request.isHopeless()) {
      refuseAndClose(request);
    } else if (content instanceof LastHttpContent) {
      incoming = null;
      act(request);
    }
  }

  private void act(Incoming whole) {
    try {
      Request request = whole.request();
      switch (request.what()) {
        case WAIT -> begin(new Wait(this, request));
        case SET, SET_MANY -> begin(new Setting(this, request, whole.body()));
        default -> answer(loop.replies.page(request, after()));
      }
    } catch (Refused refused) {
      answer(loop.replies.problem(refused, whole.head, after()));
    } finally {
      whole.release();
    }
  }

  private void begin(Pending begun) {
    begun.begin();
    if (begun.isDecided()) {
      answer(begun.end());
    } else {
      pending = begun;
      loop.deadlines.set(this, begun.holdMillis());
      state = State.ASKED;
    }
  }

  private void refuseAndClose(Incoming request) {
    try {
      request.request();
    } catch (Refused refused) {
      refuseAndClose(refused);
    }
  }

  private void refuseAndClose(Refused refused) {
    boolean headOnly = incoming != null && incoming.head;
    after = After.CLOSES;
    answer(loop.replies.problem(refused, headOnly, after));
  }

  private void answer(ByteBuf reply) {
    boolean suspended = state == State.ASKED;
    if (after() == After.CLOSES) {
      closeAfter(reply);
      return;
    }
    state = State.IDLE;
    loop.deadlines.set(this, node.options.idleTimeout().toMillis());
    wire.write(reply);
    if (suspended) {
      resume();
    }
    if (!inRead) {
      wire.flush();
    }
  }

  /**
   * Sends the end, and reads on for a while: unread bytes would make the kernel drop the answer.
   */
  private void closeAfter(ByteBuf reply) {
    state = State.CLOSING;
    dropInput();
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
    wire.write(reply);
    wire.finish();
    readOrPause();
  }

  /** Reads what came behind a request that was answered now. */
  private void resume() {
    ByteBuf next = unread;
    unread = null;
    readOrPause();
    if (next != null) {
      read(next);
      next.release();
    }
  }

  private void keepBehind(ByteBuf bytes) {
    if (bytes.isReadable()) {
      if (unread == null) {
        unread = loop.allocator.buffer(bytes.readableBytes());
      }
      unread.writeBytes(bytes);
    }
    if (isBehindFull() && isParked()) {
      requireNonNull(pending).abandon();
      pending = null;
      refuseAndClose(
          new Refused(
              413, "at most " + Limits.BEHIND_A_WAIT + " bytes may follow a wait before its end"));
    } else {
      readOrPause();
    }
  }

  private boolean isBehindFull() {
    return unread != null && unread.readableBytes() > Limits.BEHIND_A_WAIT;
  }

  /** A client that doesn't take its answers, or runs ahead of its sets, isn't listened to. */
  private void readOrPause() {
    wire.listen(wire.isWritable() && !isBehindFull());
  }

  private void dropInput() {
    decoder = null;
    if (incoming != null) {
      incoming.release();
      incoming = null;
    }
    if (unread != null) {
      unread.release();
      unread = null;
    }
  }
}
