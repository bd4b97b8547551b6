package doorbell.http;

import doorbell.http.Replies.After;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** What a {@link Connection} holds of what has come, and how its answers go out. */
abstract class Http1 extends Exchange {
  final Wire wire;

  /** What its client wants after the answer. */
  After after = After.STAYS;

  /** More bytes may be read before the answers are sent together. */
  boolean inRead;

  /** The client speaks HTTP/1.0, which knows no chunks. */
  boolean old;

  /** An event stream of which only the head is wanted. */
  private boolean headOnly;

  @Nullable RequestDecoder decoder;
  @Nullable Incoming incoming;

  /** Bytes that came and could not be read yet: the start of a request, or what is behind one. */
  @Nullable ByteBuf unread;

  Http1(Node node, Loop loop, Wire wire) {
    super(node, loop);
    this.wire = wire;
  }

  @Override
  public final Wire wire() {
    return wire;
  }

  /** How the connection goes on after the answer that is written now. */
  final After after() {
    return loop.isDraining() ? After.CLOSES : after;
  }

  @Override
  final void close() {
    wire.close();
  }

  @Override
  final void answer(Reply reply) {
    finish(loop.replies.whole(reply, after()));
  }

  @Override
  final void open(boolean onlyHead) {
    headOnly = onlyHead;
    after = old ? After.CLOSES : after;
    wire.write(loop.replies.open(Reply.EVENTS, !old, after()));
    flushSoon();
  }

  @Override
  final void send(String part) {
    if (!headOnly) {
      wire.write(loop.replies.part(part, !old));
      flushSoon();
    }
  }

  @Override
  final void end() {
    finish(loop.replies.end(!headOnly && !old));
  }

  /** Sends the last bytes of an answer, and goes on. */
  abstract void finish(ByteBuf reply);

  final void flushSoon() {
    if (!inRead) {
      wire.flush();
    }
  }

  /** The rest of a request is waited for, or something that must wait behind another. */
  final boolean mayWait() {
    Budget budget = node.budget();
    return (decoder == null || decoder.mayWait(budget))
        && (incoming == null || incoming.mayWait())
        && (unread == null || !budget.isSpentFor(unread.capacity()));
  }

  final boolean isBehindFull() {
    return unread != null && unread.readableBytes() > Limits.BEHIND_A_WAIT;
  }

  final void dropInput() {
    if (decoder != null) {
      decoder.release(node.budget());
      decoder = null;
    }
    if (incoming != null) {
      incoming.release();
      incoming = null;
    }
    ReferenceCountUtil.release(unread);
    unread = null;
  }
}
