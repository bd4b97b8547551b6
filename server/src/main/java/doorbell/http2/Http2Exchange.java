package doorbell.http2;

import static java.util.Objects.requireNonNull;

import doorbell.http.Exchange;
import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.http.RequestReader;
import doorbell.http.Response;
import doorbell.io.Endpoint;
import doorbell.wait.LoopCounts;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A request over {@link Http2ServerConnection}: a stream is a wait, or a set. Belongs to the loop's
 * thread.
 */
final class Http2Exchange extends Exchange {
  /** Memory of a stream beside the wait, in bytes. */
  private static final int BYTES = 768;

  private final Http2Writer writer;
  private final int id;

  /** The reader of the request, until whole. */
  private @Nullable RequestReader reader;

  /** True once the client sends no more. */
  private boolean ended;

  Http2Exchange(Http2Writer writer, int id, RequestReader reader) {
    this.writer = writer;
    this.id = id;
    this.reader = reader;
    writer.http.io.budget.count(BYTES);
  }

  @Override
  protected HttpLoop http() {
    return writer.http;
  }

  @Override
  public LoopCounts.Via via() {
    return LoopCounts.Via.HTTP2;
  }

  @Override
  public Endpoint endpoint() {
    return writer.endpoint;
  }

  /** The head of the request has come; the whole request, if {@code whole}. */
  void onHead(boolean whole) {
    RequestReader request = requireNonNull(reader);
    if (writer.http.io.budget.isSpentFor(BYTES)) {
      refuse(HttpError.memoryIsShort());
      return;
    }
    if (!whole && request.expectsContinue && !request.isRefused()) {
      writer.goOn(id);
    }
    if (!whole) {
      writer.http.io.deadlines.set(this, writer.http.options.headTimeout().toMillis());
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
      refuse(HttpError.memoryIsShort());
    }
  }

  /** Answers the request by an error, whatever of it has come. */
  void refuse(HttpError error) {
    RequestReader request = requireNonNull(reader);
    reader = null;
    request.release();
    answer(Response.problem(error, request.head));
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

  /** The cost of work done for nothing if the client cancels the request now. */
  int cancelCost() {
    return pending == null ? HttpLimits.CANCEL_COST : pending.cancelCost();
  }

  @Override
  protected void onDeadline() {
    if (pending != null) {
      pending.onDeadline();
    } else if (reader != null) {
      onLate();
    } else if (writer.lacksWindow(id)) {
      writer.drop(id);
    } else if (writer.isOpen(id)) {
      awaitWindow();
    }
  }

  /** The rest of the request is too late. */
  void onLate() {
    if (reader != null) {
      refuse(new HttpError(408, "the request took too long to arrive"));
    }
  }

  @Override
  public boolean hasEnded() {
    return ended;
  }

  /** The client sends no more: answers a parked wait, and drops an unfinished request. */
  void onEnd() {
    ended = true;
    endWait();
    if (reader != null) {
      writer.drop(id);
    }
  }

  @Override
  protected boolean isGone() {
    return !writer.isOpen(id);
  }

  @Override
  protected void answer(Response response) {
    waits().counts.onAnswer(response.head.status);
    if (response.body == null) { // No window is needed.
      writer.http.io.deadlines.cancel(this);
    } else {
      awaitWindow();
    }
    writer.answer(id, response);
  }

  /** The client takes more of this stream. */
  void onWindow() {
    if (pending == null && reader == null) {
      awaitWindow();
    }
  }

  /** The end of the stream cancels this deadline. */
  private void awaitWindow() {
    writer.http.io.deadlines.set(this, HttpLimits.WINDOW_MILLIS);
  }

  @Override
  protected void open(boolean headOnly) {
    writer.open(id, headOnly);
  }

  @Override
  protected void send(String part) {
    writer.send(id, part, false);
  }

  @Override
  protected boolean isSent() {
    return writer.isSent(id);
  }

  @Override
  protected void endStream() {
    awaitWindow();
    writer.send(id, "", true);
  }

  /** The connection closes the stream too. */
  @Override
  public void close() {}

  /** The stream is closed, by client or node. */
  void onClosed() {
    abandon();
    writer.http.io.budget.count(-BYTES);
    writer.http.io.deadlines.cancel(this);
    if (reader != null) {
      reader.release();
      reader = null;
    }
  }
}
