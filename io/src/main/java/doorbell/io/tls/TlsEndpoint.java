package doorbell.io.tls;

import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.ProtocolFactory;
import doorbell.io.netty.ChannelEndpoint;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLException;

/** An endpoint behind Netty's TLS: the protocol begins when both sides have agreed on TLS. */
final class TlsEndpoint extends ChannelEndpoint {
  private final ProtocolFactory protocols;
  private final long handshakeMillis;

  /** This side of TLS has ended, which isn't the client's end. */
  private boolean finished;

  /** The deadline of the handshake. */
  private final Deadline handshake =
      new Deadline() {
        @Override
        public Endpoint endpoint() {
          return TlsEndpoint.this;
        }

        @Override
        protected void onDeadline() {
          cut();
        }

        @Override
        public void close() {
          TlsEndpoint.this.close();
        }
      };

  TlsEndpoint(IoLoop loop, Channel channel, ProtocolFactory protocols, long handshakeMillis) {
    super(loop, channel, protocols);
    this.protocols = protocols;
    this.handshakeMillis = handshakeMillis;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    loop.deadlines.set(handshake, handshakeMillis);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    loop.deadlines.cancel(handshake);
    super.channelInactive(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent agreed && agreed.isSuccess()) {
      loop.deadlines.cancel(handshake);
      protocol().onOpen();
    } else if (event instanceof SslCloseCompletionEvent) {
      if (!finished) {
        onEnd();
      }
    } else {
      super.userEventTriggered(context, event);
    }
  }

  /** Refuses a client that speaks without TLS. */
  void refusePlain() {
    loop.deadlines.cancel(handshake);
    handTo(protocols.refusal(this, "this port speaks TLS; use https://"));
  }

  @Override
  protected boolean isUsual(Throwable cause) {
    return cause.getCause() instanceof SSLException || super.isUsual(cause);
  }

  /** What comes after the end of our side would go in clear. */
  @Override
  public void write(ByteBuf bytes) {
    if (finished) {
      bytes.release();
    } else {
      super.write(bytes);
    }
  }

  @Override
  protected void finishSending(Channel channel) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      super.finishSending(channel);
    } else {
      finished = true;
      tls.closeOutbound().addListener(told -> leave(tls, channel));
    }
  }

  /** Reads on without TLS: an engine that is closed takes more bytes for the client's end. */
  private void leave(SslHandler tls, Channel channel) {
    if (channel.pipeline().context(tls) != null) {
      channel.pipeline().remove(tls);
    }
    super.finishSending(channel);
  }
}
