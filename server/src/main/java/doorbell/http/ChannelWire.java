package doorbell.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A wire over a channel of Netty's: for every transport, at a channel's price. */
final class ChannelWire extends ChannelInboundHandlerAdapter implements Wire {
  private static final Logger LOG = LoggerFactory.getLogger(ChannelWire.class);

  private final Loop loop;
  private final Channel channel;
  final Connection connection;

  ChannelWire(Connection.Node node, Loop loop, Channel channel) {
    this.loop = loop;
    this.channel = channel;
    this.connection = new Connection(node, loop, this);
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    loop.onOpened();
    connection.onOpen();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    try {
      connection.onBytes(bytes);
    } finally {
      bytes.release();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    connection.onReadEnd();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    connection.onWritable();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    connection.onClosed();
    loop.onReleased();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.warn("a connection failed and is closed", cause);
    }
    cut();
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
  public void listen(boolean wanted) {
    channel.config().setAutoRead(wanted);
  }

  @Override
  public void finish() {
    afterAll(
        sent -> {
          if (sent.isSuccess() && channel instanceof DuplexChannel duplex) {
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
