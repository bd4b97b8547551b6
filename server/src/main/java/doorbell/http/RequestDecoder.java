package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.List;

/**
 * Netty's HTTP/1.1 decoder with our limits. It comes with a request's first byte and goes when the
 * request has no answer yet: a parked connection has none.
 */
final class RequestDecoder extends HttpRequestDecoder {
  private static final HttpDecoderConfig CONFIG =
      new HttpDecoderConfig()
          .setMaxInitialLineLength(Limits.REQUEST_LINE)
          .setMaxHeaderSize(Limits.HEADER_FIELDS);

  private final Connection connection;

  RequestDecoder(Connection connection) {
    super(CONFIG);
    this.connection = connection;
  }

  /** Called for each piece of a request: also for one that came in behind another. */
  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf bytes, List<Object> out)
      throws Exception {
    connection.onFirstBytes();
    super.decode(context, bytes, out);
  }
}
