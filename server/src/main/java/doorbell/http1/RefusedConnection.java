package doorbell.http1;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.http2.Http2ServerConnection;
import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;

/**
 * A connection of an address that has too many: whatever it asks for is answered 429, and then it
 * is closed. It has a moment to ask, since an answer before the question is lost to many clients.
 * Belongs to the loop's thread.
 */
final class RefusedConnection extends Deadline implements Protocol {
  private static final String HEAD = "HEAD ";

  private final HttpLoop http;
  private final Endpoint endpoint;
  private final QuotaException why;
  private final Consumer<Boolean> answer;

  /** {@code answer} hands the endpoint on and answers; it takes true if only the head is wanted. */
  RefusedConnection(
      HttpLoop http, Endpoint endpoint, QuotaException why, Consumer<Boolean> answer) {
    this.http = http;
    this.endpoint = endpoint;
    this.why = why;
    this.answer = answer;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public void onOpen() {
    if (why.closesAtOnce) {
      answer(false);
      endpoint.flush();
      endpoint.close();
    } else {
      http.io.deadlines.set(this, HttpLimits.REFUSED_MILLIS);
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (Http2ServerConnection.takePreface(bytes)) {
      http.io.deadlines.cancel(this);
      Http2ServerConnection http2 = new Http2ServerConnection(http, endpoint, HttpError.of(why));
      endpoint.handTo(http2);
      http2.onOpen();
      http2.onBytes(bytes);
    } else {
      int first = Math.min(HEAD.length(), bytes.readableBytes());
      answer(bytes.toString(bytes.readerIndex(), first, US_ASCII).equals(HEAD));
    }
  }

  private void answer(boolean headOnly) {
    http.io.deadlines.cancel(this);
    answer.accept(headOnly);
  }

  @Override
  public void onReadEnd() {}

  @Override
  public void onEnd() {
    answer(false);
    endpoint.close();
  }

  @Override
  public void onWritable() {}

  @Override
  public void onClosed() {
    http.io.deadlines.cancel(this);
  }

  @Override
  protected void onDeadline() {
    answer(false);
  }

  @Override
  public void close() {
    endpoint.close();
  }
}
