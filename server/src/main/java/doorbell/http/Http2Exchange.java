package doorbell.http;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One request over {@link Http2ServerConnection}: a stream is a wait, or a set. Belongs to its
 * loop's thread.
 */
final class Http2Exchange extends Exchange {
  private final Http2ServerConnection http2;
  private final int id;

  /** The request, until it is whole. */
  private @Nullable RequestReader reader;

  Http2Exchange(Http2ServerConnection http2, int id, RequestReader reader) {
    super(http2.node, http2.loop);
    this.http2 = http2;
    this.id = id;
    this.reader = reader;
    node.budget().count(Memory.STREAM);
  }

  @Override
  public Endpoint endpoint() {
    return http2.endpoint;
  }

  /** Its head has come; and all of it, if {@code whole}. */
  void onHead(boolean whole) {
    RequestReader request = requireNonNull(reader);
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
    if (reader != null) {
      reader.add(piece);
      onPart(whole);
    }
  }

  private void onPart(boolean whole) {
    RequestReader request = reader;
    if (request != null && (whole || request.isRefused())) {
      reader = null;
      act(request);
    } else if (request != null && !request.mayWait()) {
      refuse(request);
    }
  }

  private void refuse(RequestReader request) {
    reader = null;
    request.release();
    answer(Response.problem(Budget.refused(), request.head));
  }

  private void act(RequestReader request) {
    try {
      act(request.request(), request);
    } catch (HttpError refused) {
      answer(Response.problem(refused, request.head));
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
    RequestReader late = reader;
    if (late != null) {
      reader = null;
      late.release();
      answer(
          Response.problem(new HttpError(408, "the request took too long to arrive"), late.head));
    }
  }

  @Override
  boolean hasEnded() {
    return http2.hasEnded();
  }

  /** The client sends no more: answers its wait, and drops what will never be whole. */
  void onEnd() {
    endWait();
    if (reader != null) {
      http2.drop(id);
    }
  }

  @Override
  boolean isGone() {
    return !http2.isOpen(id);
  }

  @Override
  void answer(Response response) {
    loop.deadlines.cancel(this);
    http2.answer(id, response);
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
    if (reader != null) {
      reader.release();
      reader = null;
    }
  }
}
