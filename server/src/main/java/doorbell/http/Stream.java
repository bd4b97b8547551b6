package doorbell.http;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** One request over {@link Http2}: a stream is a wait, or a set. Belongs to its loop's thread. */
final class Stream extends Exchange {
  private final Http2 http2;
  private final int id;

  /** The request, until it is whole. */
  private @Nullable Incoming incoming;

  Stream(Http2 http2, int id, Incoming incoming) {
    super(http2.node, http2.loop);
    this.http2 = http2;
    this.id = id;
    this.incoming = incoming;
    node.budget().count(Memory.STREAM);
  }

  @Override
  public Wire wire() {
    return http2.wire;
  }

  /** Its head has come; and all of it, if {@code whole}. */
  void onHead(boolean whole) {
    Incoming request = requireNonNull(incoming);
    if (node.budget().isSpentFor(Memory.STREAM)) {
      refuse(request);
      return;
    }
    if (!whole && request.expectsContinue && !request.isRefused()) {
      http2.goOn(id);
    }
    if (!whole) {
      loop.deadlines.set(this, node.options().headTimeout().toMillis());
    }
    onPart(whole);
  }

  void onBody(ByteBuf piece, boolean whole) {
    if (incoming != null) {
      incoming.add(piece);
      onPart(whole);
    }
  }

  private void onPart(boolean whole) {
    Incoming request = incoming;
    if (request != null && (whole || request.isRefused())) {
      incoming = null;
      act(request);
    } else if (request != null && !request.mayWait()) {
      refuse(request);
    }
  }

  private void refuse(Incoming request) {
    incoming = null;
    request.release();
    answer(Reply.problem(Budget.refused(), request.head));
  }

  private void act(Incoming request) {
    try {
      act(request.request(), request);
    } catch (Refused refused) {
      answer(Reply.problem(refused, request.head));
    } finally {
      request.release();
    }
  }

  /** What the node did, or has still to do, for nothing if the client cancels it now. */
  int cancelCost() {
    return pending == null ? Limits.CANCEL_COST : pending.cancelCost();
  }

  @Override
  void onDeadline() {
    if (pending != null) {
      pending.onDeadline();
    } else {
      onLate();
    }
  }

  /** What hasn't come yet of its request is too late. */
  void onLate() {
    Incoming late = incoming;
    if (late != null) {
      incoming = null;
      late.release();
      answer(Reply.problem(new Refused(408, "the request took too long to arrive"), late.head));
    }
  }

  @Override
  boolean hasEnded() {
    return http2.hasEnded();
  }

  /** The client sends no more: answers its wait, and drops what will never be whole. */
  void onEnd() {
    endWait();
    if (incoming != null) {
      http2.drop(id);
    }
  }

  @Override
  boolean isGone() {
    return !http2.isOpen(id);
  }

  @Override
  void answer(Reply reply) {
    loop.deadlines.cancel(this);
    http2.answer(id, reply);
  }

  @Override
  void open(boolean headOnly) {
    http2.open(id, headOnly);
  }

  @Override
  void send(String part) {
    http2.send(id, part, false);
  }

  @Override
  boolean isSent() {
    return http2.isSent(id);
  }

  @Override
  void end() {
    loop.deadlines.cancel(this);
    http2.send(id, "", true);
  }

  /** The connection sees to it. */
  @Override
  void close() {}

  /** The stream is closed, by whomever. */
  void onClosed() {
    abandon();
    node.budget().count(-Memory.STREAM);
    loop.deadlines.cancel(this);
    if (incoming != null) {
      incoming.release();
      incoming = null;
    }
  }
}
