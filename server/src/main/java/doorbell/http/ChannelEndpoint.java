package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An endpoint over a channel of Netty's: for every transport, at a channel's price. */
final class ChannelEndpoint extends ChannelInboundHandlerAdapter implements Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelEndpoint.class);

  private final Node node;
  private final Loop loop;
  private final Channel channel;
  private Protocol protocol;

  /** The client sends no more. */
  private boolean over;

  ChannelEndpoint(Node node, Loop loop, Channel channel) {
    this.node = node;
    this.loop = loop;
    this.channel = channel;
    this.protocol = new Http1Connection(node, loop, this);
  }

  /** A client at a port of TLS doesn't speak it. */
  void refusePlain() {
    ((Http1Connection) protocol)
        .refuseAndClose(new HttpError(400, "this port speaks TLS; use https://"));
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    protocol.onOpen();
    if (node.tls() != null) {
      // Until TLS is agreed on, the client has the time of a request.
      loop.deadlines.set((Http1Connection) protocol, node.options().headTimeout().toMillis());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
      protocol.onOpen();
    } else if (event instanceof ChannelInputShutdownEvent
        || event instanceof SslCloseCompletionEvent) {
      onEnd();
    }
  }

  /** Said twice by a client of TLS, which closes that and then the connection. */
  private void onEnd() {
    if (!over && channel.isActive()) {
      over = true;
      protocol.onEnd();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (!(channel instanceof EndpointChannel)) { // There the endpoint below begins the turn.
      loop.turns.begin();
    }
    try {
      protocol.onBytes(bytes);
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    protocol.onReadEnd();
  }

  /** Said in the middle of a write or a flush, perhaps of the protocol's own. */
  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (channel.isWritable()) {
      loop.soon(this, this::onRoom);
    }
  }

  private void onRoom() {
    if (channel.isActive() && channel.isWritable()) {
      protocol.onWritable();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    protocol.onClosed();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException) && !(cause.getCause() instanceof SSLException)) {
      LOG.warn("a connection failed and is closed", cause);
    }
    cut();
  }

  @Override
  public Protocol protocol() {
    return protocol;
  }

  @Override
  public void handTo(Protocol next) {
    protocol = next;
  }

  @Override
  public @Nullable InetSocketAddress client() {
    return channel.remoteAddress() instanceof InetSocketAddress client ? client : null;
  }

  @Override
  public void write(ByteBuf bytes) {
    channel.write(bytes, channel.voidPromise());
  }

  @Override
  public void flush() {
    channel.flush();
  }

  @Override
  public boolean isWritable() {
    return channel.isWritable();
  }

  @Override
  public boolean isSent() {
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    boolean below = !(channel instanceof EndpointChannel under) || under.isSent();
    return (unsent == null || unsent.isEmpty()) && below;
  }

  @Override
  public void listen(boolean wanted) {
    channel.config().setAutoRead(wanted);
  }

  @Override
  public void finish() {
    afterAll(
        sent -> {
          SslHandler tls = channel.pipeline().get(SslHandler.class);
          if (!sent.isSuccess()) {
            cut();
          } else if (tls != null) {
            tls.closeOutbound();
          } else if (channel instanceof EndpointChannel below) {
            below.finish();
          } else if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
          } else {
            cut();
          }
        });
  }

  @Override
  public void close() {
    afterAll(ChannelFutureListener.CLOSE);
  }

  @Override
  public void cut() {
    channel.close();
  }

  private void afterAll(ChannelFutureListener then) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(then);
  }
}
