package doorbell.http;

import doorbell.http.Http1Encoder.After;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** What a {@link Http1Connection} holds of what has come, and how its answers go out. */
abstract class Http1 extends Exchange {
  final Endpoint endpoint;

  /** What its client wants after the answer. */
  After after = After.STAYS;

  /** More bytes may be read before the answers are sent together. */
  boolean inRead;

  /** The client speaks HTTP/1.0, which knows no chunks. */
  boolean old;

  /** An event stream of which only the head is wanted. */
  private boolean headOnly;

  @Nullable Http1Decoder decoder;
  @Nullable RequestReader reader;

  /** Bytes that came and could not be read yet: the start of a request, or what is behind one. */
  @Nullable ByteBuf unread;

  Http1(Node node, Loop loop, Endpoint endpoint) {
    super(node, loop);
    this.endpoint = endpoint;
  }

  @Override
  public final Endpoint endpoint() {
    return endpoint;
  }

  /** How the connection goes on after the answer that is written now. */
  final After after() {
    return loop.isDraining() ? After.CLOSES : after;
  }

  @Override
  final void close() {
    endpoint.close();
  }

  @Override
  final void answer(Response response) {
    finish(loop.encoder.whole(response, after()));
  }

  @Override
  final void open(boolean onlyHead) {
    headOnly = onlyHead;
    after = old ? After.CLOSES : after;
    endpoint.write(loop.encoder.open(Response.EVENTS, !old, after()));
    flushSoon();
  }

  @Override
  final void send(String part) {
    if (!headOnly) {
      endpoint.write(loop.encoder.part(part, !old));
      flushSoon();
    }
  }

  @Override
  final void end() {
    finish(loop.encoder.end(!headOnly && !old));
  }

  /** Sends the last bytes of an answer, and goes on. */
  abstract void finish(ByteBuf response);

  final void flushSoon() {
    if (!inRead) {
      endpoint.flush();
    }
  }

  /** The rest of a request is waited for, or something that must wait behind another. */
  final boolean mayWait() {
    Budget budget = node.budget();
    return (decoder == null || decoder.mayWait(budget))
        && (reader == null || reader.mayWait())
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
    if (reader != null) {
      reader.release();
      reader = null;
    }
    ReferenceCountUtil.release(unread);
    unread = null;
  }
}
