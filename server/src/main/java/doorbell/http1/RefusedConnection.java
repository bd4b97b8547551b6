package doorbell.http1;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http2.Http2ServerConnection;
import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.limit.QuotaException;
import io.netty.buffer.ByteBuf;

/**
 * A connection of an address that has too many: whatever it asks for is answered 429, and then it
 * is closed. It has a moment to ask, since an answer before the question is lost to many clients.
 * Belongs to the loop's thread.
 */
final class RefusedConnection extends Deadline implements Protocol {
  private static final String HEAD = "HEAD ";

  private final Http1 http1;
  private final Endpoint endpoint;
  private final QuotaException why;

  RefusedConnection(Http1 http1, Endpoint endpoint, QuotaException why) {
    this.http1 = http1;
    this.endpoint = endpoint;
    this.why = why;
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
      http1.io.deadlines.set(this, HttpLimits.REFUSED_MILLIS);
    }
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (Http2ServerConnection.takePreface(bytes)) {
      http1.io.deadlines.cancel(this);
      Http2ServerConnection http2 = new Http2ServerConnection(http1, endpoint, HttpError.of(why));
      endpoint.handTo(http2);
      http2.onOpen();
      http2.onBytes(bytes);
    } else {
      int first = Math.min(HEAD.length(), bytes.readableBytes());
      answer(bytes.toString(bytes.readerIndex(), first, US_ASCII).equals(HEAD));
    }
  }

  private void answer(boolean headOnly) {
    http1.io.deadlines.cancel(this);
    Http1Connection connection = new Http1Connection(http1, endpoint);
    endpoint.handTo(connection);
    connection.refuseAndClose(HttpError.of(why), headOnly);
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
    http1.io.deadlines.cancel(this);
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
