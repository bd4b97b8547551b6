package doorbell.http1;

import doorbell.access.Access;
import doorbell.http.HttpError;
import doorbell.http.HttpLoop;
import doorbell.http.HttpOptions;
import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.limit.QuotaException;
import doorbell.wait.WaitLoop;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** State that the HTTP/1.1 connections of a loop share, and the factory of new connections. */
public final class Http1 extends HttpLoop implements ProtocolFactory {
  final Http1Encoder encoder = new Http1Encoder(this);
  private @Nullable Http1Decoder spareDecoder;

  public Http1(WaitLoop waits, HttpOptions options, @Nullable Access access, InstantSource clock) {
    super(waits, options, access, clock);
  }

  @Override
  public Protocol first(Endpoint endpoint) {
    return new Http1Connection(this, endpoint);
  }

  @Override
  public Protocol refusal(Endpoint endpoint, String why) {
    Http1Connection connection = new Http1Connection(this, endpoint);
    connection.refuseAndClose(new HttpError(400, why));
    return connection;
  }

  @Override
  public Protocol refusal(Endpoint endpoint, QuotaException why) {
    return new RefusedConnection(
        this,
        endpoint,
        why,
        headOnly -> {
          Http1Connection connection = new Http1Connection(this, endpoint);
          endpoint.handTo(connection);
          connection.refuseAndClose(HttpError.of(why), headOnly);
        });
  }

  Http1Decoder takeDecoder() {
    Http1Decoder decoder = spareDecoder;
    spareDecoder = null;
    return decoder == null ? new Http1Decoder() : decoder;
  }

  /** Takes back a decoder that is between requests. */
  void giveBack(Http1Decoder decoder) {
    spareDecoder = decoder;
  }
}
