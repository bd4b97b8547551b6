package doorbell.io.netty;

import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.limit.ClientAddress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** An endpoint over a Netty channel: for every transport, at a channel's price. */
public class ChannelEndpoint extends ChannelInboundHandlerAdapter implements Endpoint {
  protected final IoLoop loop;
  private final Channel channel;
  private Protocol protocol;
  private @Nullable ClientAddress counted;

  /** The client sends no more. */
  private boolean over;

  /** Makes the endpoint for {@code channel}, and belongs in the channel's pipeline. */
  @SuppressWarnings("this-escape") // A protocol only keeps the endpoint until the opening.
  public ChannelEndpoint(IoLoop loop, Channel channel, ProtocolFactory protocols) {
    this.loop = loop;
    this.channel = channel;
    this.protocol = protocols.first(this);
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    protocol = loop.admit(this, protocol);
    protocol.onOpen();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      onEnd();
    }
  }

  /** Ends the client's side. A client of TLS ends twice: TLS, and then the connection. */
  protected final void onEnd() {
    if (!over && channel.isActive()) {
      over = true;
      protocol.onEnd();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (!(channel instanceof EndpointChannel)) { // Else the endpoint below begins the turn.
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

  /**
   * Defers the protocol's work: the change comes in the middle of a write or a flush, perhaps of
   * the protocol's own.
   */
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
    if (isUsual(cause)) {
      cut();
    } else {
      loop.faults.cut(this, cause);
    }
  }

  /** True if clients cause such failures by hanging up, or by bytes that no protocol has. */
  protected boolean isUsual(Throwable cause) {
    return cause instanceof IOException;
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
  public @Nullable ClientAddress countedAt() {
    return channel instanceof EndpointChannel under ? under.countedAt() : counted;
  }

  @Override
  public void countAt(@Nullable ClientAddress at) {
    if (channel instanceof EndpointChannel under) {
      under.countAt(at);
    } else {
      counted = at;
    }
  }

  @Override
  public boolean isUnix() {
    return channel instanceof EndpointChannel under && under.isUnix();
  }

  @Override
  public boolean isUnnamed() {
    return channel instanceof EndpointChannel under && under.isUnnamed();
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
  public int held() {
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    int below = channel instanceof EndpointChannel under ? under.held() : 0;
    return below + (unsent == null ? 0 : (int) unsent.totalPendingWriteBytes());
  }

  @Override
  public boolean isStalled() {
    return channel instanceof EndpointChannel under ? under.isStalled() : !channel.isWritable();
  }

  @Override
  public boolean isSent() {
    ChannelOutboundBuffer unsent = channel.unsafe().outboundBuffer();
    boolean below = !(channel instanceof EndpointChannel under) || under.isSent();
    return (unsent == null || unsent.isEmpty()) && below;
  }

  @Override
  public boolean isBehind() {
    return channel instanceof EndpointChannel under && under.isBehind();
  }

  @Override
  public void listen(boolean wanted) {
    channel.config().setAutoRead(wanted);
  }

  @Override
  public void finish() {
    afterAll(
        sent -> {
          if (sent.isSuccess()) {
            finishSending(channel);
          } else {
            cut();
          }
        });
  }

  /** Ends the sending side of the channel, to which all bytes are written. */
  protected void finishSending(Channel whole) {
    if (whole instanceof EndpointChannel below) {
      below.finish();
    } else if (whole instanceof DuplexChannel duplex) {
      duplex.shutdownOutput();
    } else {
      cut();
    }
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
