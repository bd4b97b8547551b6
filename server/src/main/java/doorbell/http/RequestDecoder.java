package doorbell.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;

/**
 * Netty's HTTP/1.1 decoder with our limits. It stands in the pipeline only while a request is being
 * read: a parked or idle connection has none.
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

  @Override
  public void channelRead(ChannelHandlerContext context, Object bytes) throws Exception {
    connection.onFirstBytes();
    super.channelRead(context, bytes);
  }
}
