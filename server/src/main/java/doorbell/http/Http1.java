package doorbell.http;

import doorbell.http.Replies.After;
import io.netty.buffer.ByteBuf;

/** The answering half of a {@link Connection}: what goes out, and what becomes of it afterwards. */
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
}
