package doorbell.io.tls;

import doorbell.io.Endpoint;
import doorbell.io.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Ends a connection by an alert in place of a handshake, which would cost more than all else: no
 * answer of HTTP can be read without one. Belongs to the loop's thread.
 */
final class TlsAlert implements Protocol {
  /** A fatal alert, internal_error (RFC 8446, 6): TLS has none that says "try later". */
  private static final byte[] ALERT = {21, 3, 3, 0, 2, 2, 80};

  private final Endpoint endpoint;

  TlsAlert(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public void onOpen() {
    endpoint.write(Unpooled.directBuffer(ALERT.length).writeBytes(ALERT));
    endpoint.close();
  }

  @Override
  public void onBytes(ByteBuf bytes) {}

  @Override
  public void onReadEnd() {}

  @Override
  public void onEnd() {}

  @Override
  public void onWritable() {}

  @Override
  public void onClosed() {}
}
