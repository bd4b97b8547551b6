package doorbell.http2;

import doorbell.http.HttpLimits;
import doorbell.http.RequestReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.HttpConversionUtil;
import java.util.Map;

/**
 * Turns the frames of an {@link Http2ServerConnection} into requests, pieces of requests, and ends
 * of streams.
 */
final class Http2Frames extends Http2EventAdapter {
  private final Http2ServerConnection http2;

  Http2Frames(Http2ServerConnection http2) {
    this.http2 = http2;
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext from, int id, Http2Headers headers, int padding, boolean last)
      throws Http2Exception {
    if (http2.handler.hasFailed()) {
      return;
    }
    Http2Stream stream = http2.connection.stream(id);
    Http2Exchange known = stream.getProperty(http2.key);
    if (known != null) {
      known.onBody(Unpooled.EMPTY_BUFFER, last);
      return;
    }
    HttpRequest request = HttpConversionUtil.toHttpRequest(id, headers, false);
    if (!request.headers().contains(HttpHeaderNames.HOST)) {
      request.setProtocolVersion(HttpVersion.HTTP_1_0); // A proxy's client spoke it.
    }
    if (size(headers) > HttpLimits.HEADER_FIELDS) {
      request.setDecoderResult(DecoderResult.failure(new TooLongHttpHeaderException()));
    }
    Http2Exchange begun =
        new Http2Exchange(
            http2.writer, id, new RequestReader(request, http2.http, http2.endpoint()));
    stream.setProperty(http2.key, begun);
    if (http2.refusal == null) {
      begun.onHead(last);
    } else {
      begun.refuse(http2.refusal);
      http2.http.io.soon(http2.endpoint(), http2::endAsRefused);
    }
  }

  @Override
  public void onHeadersRead(
      ChannelHandlerContext from,
      int id,
      Http2Headers headers,
      int dependency,
      short weight,
      boolean exclusive,
      int padding,
      boolean last)
      throws Http2Exception {
    onHeadersRead(from, id, headers, padding, last);
  }

  @Override
  public int onDataRead(ChannelHandlerContext from, int id, ByteBuf data, int padding, boolean last)
      throws Http2Exception {
    if (!data.isReadable() && !last) {
      http2.handler.spend(HttpLimits.CANCEL_COST);
    }
    int bytes = data.readableBytes() + padding;
    Http2Exchange stream = http2.connection.stream(id).getProperty(http2.key);
    if (stream != null) {
      stream.onBody(data, last);
    }
    return bytes;
  }

  /** A settings frame may change the window of every stream. */
  @Override
  public void onSettingsRead(ChannelHandlerContext from, Http2Settings settings)
      throws Http2Exception {
    http2.handler.limitTable(settings);
    http2.handler.spend(
        HttpLimits.CANCEL_COST + http2.connection.numActiveStreams() / HttpLimits.STREAMS_PER_COST);
  }

  @Override
  public void onRstStreamRead(ChannelHandlerContext from, int id, long code) throws Http2Exception {
    Http2Exchange stream = http2.connection.stream(id).getProperty(http2.key);
    http2.handler.spend(stream == null ? HttpLimits.CANCEL_COST : stream.cancelCost());
  }

  @Override
  public void onWindowUpdateRead(ChannelHandlerContext from, int id, int more) {
    if (id == 0) {
      http2.writer.onWindow();
      return;
    }
    Http2Exchange stream = http2.connection.stream(id).getProperty(http2.key);
    if (stream != null) {
      stream.onWindow();
    }
  }

  @Override
  public void onStreamClosed(Http2Stream closed) {
    Http2Exchange stream = closed.getProperty(http2.key);
    if (stream != null) {
      stream.onClosed();
    }
    if (http2.connection.numActiveStreams() == 0) {
      http2.onIdle();
    }
  }

  /**
   * Size of the header fields in HTTP/1.1, in bytes, without fields that stand for the first line.
   */
  private static int size(Http2Headers headers) {
    int bytes = 0;
    for (Map.Entry<CharSequence, CharSequence> field : headers) {
      if (field.getKey().charAt(0) != ':') {
        bytes += field.getKey().length() + field.getValue().length() + ": \r\n".length();
      }
    }
    return bytes;
  }
}
