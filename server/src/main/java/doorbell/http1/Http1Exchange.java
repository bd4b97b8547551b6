package doorbell.http1;

import doorbell.http.Exchange;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.http.RequestReader;
import doorbell.http.Response;
import doorbell.http1.Http1Encoder.After;
import doorbell.io.Budget;
import doorbell.io.Endpoint;
import doorbell.wait.LoopCounts;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** The input that a {@link Http1Connection} holds, and the sending of responses. */
abstract class Http1Exchange extends Exchange {
  final Http1 http1;
  final Endpoint endpoint;

  /** The fate of the connection after the response, as the client wants. */
  After after = After.STAYS;

  /** True while bytes are read: responses are sent together afterwards. */
  boolean inRead;

  /** True while requests that are here wait for the next turn. */
  boolean resting;

  /** True if the client speaks HTTP/1.0, which knows no chunks. */
  boolean old;

  /** True if bytes came since the last deadline after the last response. */
  boolean heard;

  /** Deadlines after the last response that passed because the client still sent. */
  private byte lingers;

  /** True for an event stream with only the head wanted. */
  private boolean headOnly;

  @Nullable Http1Decoder decoder;
  @Nullable RequestReader reader;

  /** Bytes that can't be read yet: the start of a request, or bytes behind a request. */
  @Nullable ByteBuf unread;

  Http1Exchange(Http1 http1, Endpoint endpoint) {
    this.http1 = http1;
    this.endpoint = endpoint;
  }

  @Override
  protected final HttpLoop http() {
    return http1;
  }

  @Override
  public final LoopCounts.Via via() {
    return LoopCounts.Via.HTTP1;
  }

  @Override
  public final Endpoint endpoint() {
    return endpoint;
  }

  /** The fate of the connection after the response that is written now. */
  final After after() {
    return waits().isDraining() ? After.CLOSES : after;
  }

  @Override
  public final void close() {
    endpoint.close();
  }

  @Override
  protected final void answer(Response response) {
    waits().counts.onAnswer(response.head.status);
    finish(http1.encoder.whole(response, after()));
  }

  @Override
  protected final void open(boolean onlyHead) {
    headOnly = onlyHead;
    after = old ? After.CLOSES : after;
    write(http1.encoder.open(Response.EVENTS, !old, after()));
    flushSoon();
  }

  @Override
  protected final void send(String part) {
    if (!headOnly) {
      write(http1.encoder.part(part, !old));
      flushSoon();
    }
  }

  @Override
  protected final void endStream() {
    finish(http1.encoder.end(!headOnly && !old));
  }

  /** Writes bytes of a response, or cuts off a client that takes none when memory is short. */
  final void write(ByteBuf response) {
    if (http1.io.budget.isTooMuchFor(endpoint)) {
      response.release();
      endpoint.cut();
    } else {
      endpoint.write(response);
    }
  }

  /** Sends the last bytes of a response, and goes on. */
  abstract void finish(ByteBuf response);

  final void flushSoon() {
    if (!inRead) {
      endpoint.flush();
    }
  }

  /**
   * Counts input that must wait: an unfinished request, or bytes behind a request. False if the
   * budget has no room.
   */
  final boolean mayWait() {
    Budget budget = http1.io.budget;
    return (decoder == null || decoder.mayWait(budget))
        && (reader == null || reader.mayWait())
        && (unread == null || !budget.isSpentFor(unread.capacity()));
  }

  final boolean isBehindFull() {
    return unread != null && unread.readableBytes() > HttpLimits.BEHIND_A_WAIT;
  }

  final void dropInput() {
    if (decoder != null) {
      decoder.release(http1.io.budget);
      decoder = null;
    }
    if (reader != null) {
      reader.release();
      reader = null;
    }
    ReferenceCountUtil.release(unread);
    unread = null;
  }

  /** A client may be sending a long body, and hasn't looked at the response yet. */
  final void lingerOrCut() {
    if (heard && ++lingers < HttpLimits.LINGERS) {
      heard = false;
      http1.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
    } else {
      endpoint.cut();
    }
  }

  /** True if bytes wait for a turn, here or at the endpoint. */
  final boolean isBehind() {
    return resting || endpoint.isBehind();
  }

  /** Pauses a client that doesn't take responses or runs ahead. */
  final void readOrPause() {
    endpoint.listen(endpoint.isWritable() && !isBehindFull() && !resting);
  }
}
