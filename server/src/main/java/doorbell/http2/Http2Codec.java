package doorbell.http2;

import doorbell.http.HttpLimits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import org.jspecify.annotations.Nullable;

/**
 * Netty's codec for the frames of {@link Http2ServerConnection}, with our rules for errors. Netty
 * counts resets, which a busy proxy sends too; here a reset costs the work that the node did for
 * nothing. Parked waits are answered before an error ends the connection.
 */
final class Http2Codec extends Http2ConnectionHandler {
  private final Http2ServerConnection http2;
  private final Allowance allowance;
  private boolean failed;

  private Http2Codec(
      Http2ConnectionDecoder decoder,
      Http2ConnectionEncoder encoder,
      Http2Settings settings,
      Http2ServerConnection http2) {
    super(decoder, encoder, settings);
    this.http2 = http2;
    int streams = http2.http.options.maxWaitsPerConnection();
    int most = (int) Math.max(HttpLimits.ALLOWANCE, Math.min(Integer.MAX_VALUE / 2, 5L * streams));
    this.allowance = new Allowance(http2.http.io.deadlines, most, HttpLimits.ALLOWANCE_PER_SECOND);
  }

  static Http2Codec of(Http2ServerConnection http2, Http2FrameListener listener) {
    return new Builder(http2).build(listener);
  }

  /** Charges the client for work done for nothing; throws if the allowance is spent: a flood. */
  void spend(int cost) throws Http2Exception {
    if (!allowance.spend(cost)) {
      throw flood();
    }
  }

  /** As {@link #spend}, for frames that the codec has not read yet: a flood ends the connection. */
  void charge(int cost) {
    if (cost > 0 && !allowance.spend(cost)) {
      endAsFlood();
    }
  }

  /** Ends the connection of a client that asks for much and doesn't wait for it, or read it. */
  void endAsFlood() {
    if (!failed) {
      onError(http2.context(), false, flood());
    }
  }

  /**
   * Bounds the table of response fields that a client may have the node remember, at the default.
   */
  void limitTable(Http2Settings settings) throws Http2Exception {
    Long wanted = settings.headerTableSize();
    if (wanted != null && wanted > Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE) {
      encoder()
          .configuration()
          .headersConfiguration()
          .maxHeaderTableSize(Http2CodecUtil.DEFAULT_HEADER_TABLE_SIZE);
    }
  }

  private static Http2Exception flood() {
    return new Told(
        Http2Error.ENHANCE_YOUR_CALM, "too much was asked for and not waited for; ask more slowly");
  }

  /** Ends the connection midway, through no fault of the client's bytes. */
  void end(String why) {
    onError(http2.context(), false, new Told(Http2Error.NO_ERROR, why));
  }

  /** True once an error ends the connection: no request is begun any more. */
  boolean hasFailed() {
    return failed;
  }

  /**
   * Netty takes dropped responses of a reset stream for errors: RFC 9113, 5.4.2 forbids a reset.
   */
  @Override
  protected void onStreamError(
      ChannelHandlerContext context,
      boolean outbound,
      Throwable cause,
      Http2Exception.StreamException error) {
    Http2Stream stream = connection().stream(error.streamId());
    boolean gone = stream == null || stream.state() == Http2Stream.State.CLOSED;
    if (failed || (outbound && gone)) {
      return;
    }
    boolean cheap = gone && !(error instanceof Http2Exception.HeaderListSizeException);
    if (allowance.spend(cheap ? HttpLimits.CANCEL_COST : HttpLimits.BROKEN_COST)) {
      super.onStreamError(context, outbound, cause, error);
    } else {
      Http2Exception flood = flood();
      onConnectionError(context, false, flood, flood);
    }
  }

  @Override
  protected void onConnectionError(
      ChannelHandlerContext context,
      boolean outbound,
      Throwable cause,
      @Nullable Http2Exception error) {
    if (!failed) {
      failed = true;
      http2.onFailed();
    }
    super.onConnectionError(context, outbound, cause, told(error));
  }

  /** The sentence of Netty's own errors shows what the node has in hand. */
  private static Http2Exception told(@Nullable Http2Exception error) {
    if (error instanceof Told) {
      return error;
    }
    if (error == null || error.error() == Http2Error.INTERNAL_ERROR) {
      return new Told(Http2Error.INTERNAL_ERROR, "this node failed here; connect again");
    }
    return new Told(error.error(), "what came breaks a rule of HTTP/2");
  }

  /** An error with a sentence for the client. */
  private static final class Told extends Http2Exception {
    private static final long serialVersionUID = 1;

    Told(Http2Error error, String sentence) {
      super(error, sentence, ShutdownHint.NO_SHUTDOWN);
    }
  }

  private static final class Builder
      extends AbstractHttp2ConnectionHandlerBuilder<Http2Codec, Builder> {
    private final Http2ServerConnection http2;

    Builder(Http2ServerConnection http2) {
      this.http2 = http2;
    }

    Http2Codec build(Http2FrameListener listener) {
      DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
      // The usual distributor heeds priorities, which RFC 9113 dropped: a state and a queue for
      // each stream.
      connection
          .remote()
          .flowController(
              new DefaultHttp2RemoteFlowController(
                  connection, new UniformStreamByteDistributor(connection)));
      int streams = http2.http.options.maxWaitsPerConnection();
      return connection(connection)
          .initialSettings(
              new Http2Settings()
                  .maxConcurrentStreams(streams)
                  .maxHeaderListSize(HttpLimits.HEADER_LIST))
          .validateRequiredPseudoHeaders(true)
          .decoderEnforceMaxRstFramesPerWindow(0, 0)
          .encoderEnforceMaxRstFramesPerWindow(0, 0)
          .decoderEnforceMaxConsecutiveEmptyDataFrames(0)
          .gracefulShutdownTimeoutMillis(HttpLimits.LINGER_MILLIS)
          .frameListener(listener)
          .build();
    }

    @Override
    protected Http2Codec build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      return new Http2Codec(decoder, encoder, settings, http2);
    }
  }
}
