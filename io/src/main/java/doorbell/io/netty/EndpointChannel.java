package doorbell.io.netty;

import doorbell.io.Budget;
import doorbell.io.CountedBuffers;
import doorbell.io.Endpoint;
import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A channel of Netty's over a {@link Endpoint}: so its codecs for TLS and HTTP/2 run on our
 * sockets, on the threads of our loops. It costs a pipeline, for clients that need one.
 */
public final class EndpointChannel extends AbstractChannel implements Protocol {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  /** Bytes that are written to the endpoint as one buffer. */
  private static final int BATCH = 16_384;

  private final EventLoop events;
  private final Endpoint endpoint;
  private final Budget budget;
  private final CountedBuffers buffers;

  /** What it takes by itself, with the codec in it. */
  private final int bytes;

  private final ChannelConfig config = new Config();
  private boolean open = true;

  /** The endpoint had no room for all: nothing is read until it has. */
  private boolean full;

  /** What reads it has had its turn, and has bytes left for the next. */
  private boolean resting;

  /** What came when it was full, or resting. */
  private @Nullable ByteBuf unread;

  private boolean begun;

  public EndpointChannel(IoLoop loop, Endpoint endpoint, int bytes) {
    super(null);
    this.events = loop.events;
    this.endpoint = endpoint;
    this.budget = loop.budget;
    this.buffers = new CountedBuffers(budget);
    this.bytes = bytes;
    config.setAllocator(buffers);
  }

  @Override
  public void onOpen() {
    budget.count(bytes);
    events.register(this);
  }

  /** In small pieces, since each may be answered by a multiple of it that is not taken. */
  @Override
  public void onBytes(ByteBuf came) {
    if (!begun && budget.isSpentFor(bytes)) {
      endpoint.cut();
      return;
    }
    begun = true;
    while (open && !full && unread == null && came.isReadable()) {
      int size = Math.min(IoLimits.FRAMES, came.readableBytes());
      pipeline().fireChannelRead(buffers.directBuffer(size).writeBytes(came, size));
      ChannelOutboundBuffer messages = unsafe().outboundBuffer();
      if (messages != null && messages.totalPendingWriteBytes() > BATCH) {
        pipeline().flush();
      }
    }
    if (open && came.isReadable()) {
      unread = unread == null ? buffers.directBuffer(came.readableBytes()) : unread;
      unread.writeBytes(came);
    }
  }

  @Override
  public void onReadEnd() {
    pipeline().fireChannelReadComplete();
    endpoint.flush();
    giveUpIfSpent();
  }

  /** Who doesn't read, or doesn't finish what he says, is cut off when memory is short. */
  private void giveUpIfSpent() {
    if (open && buffers.held() > IoLimits.HELD && budget.isSpentFor(buffers.held())) {
      endpoint.cut();
    }
  }

  @Override
  public void onEnd() {
    pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
    endpoint.flush();
  }

  @Override
  public void onWritable() {
    unsafe().flush();
    ByteBuf next = unread;
    if (next != null && !full) {
      unread = null;
      try {
        onBytes(next);
      } finally {
        next.release();
      }
      onReadEnd();
    }
  }

  @Override
  public void onClosed() {
    unsafe().close(voidPromise());
    budget.count(-bytes);
    if (unread != null) {
      unread.release();
      unread = null;
    }
  }

  /** Bytes are the endpoint's before their promises are kept: one may be to close the channel. */
  @Override
  protected void doWrite(ChannelOutboundBuffer messages) throws Exception {
    while (!messages.isEmpty() && endpoint.isWritable()) {
      ByteBuf batch = batch(messages);
      int bytes = batch.readableBytes();
      endpoint.write(batch);
      messages.removeBytes(bytes);
    }
    endpoint.flush();
    full = !messages.isEmpty();
    listen();
    giveUpIfSpent();
  }

  /** Whether what has come is being read, or has to wait. */
  public boolean isReading() {
    return !full && unread == null && endpoint.isWritable();
  }

  private void listen() {
    endpoint.listen(!full && !resting && unread == null && config.isAutoRead());
  }

  /** From now on, or until it is told otherwise, no bytes are wanted. */
  public void rest(boolean rests) {
    resting = rests;
    listen();
  }

  /** Copied: an endpoint's buffers grow, and the codecs' may be parts of others. */
  private ByteBuf batch(ChannelOutboundBuffer messages) throws Exception {
    ByteBuf batch = alloc().directBuffer((int) Math.min(BATCH, messages.totalPendingWriteBytes()));
    messages.forEachFlushedMessage(
        message -> {
          ByteBuf bytes = (ByteBuf) message;
          batch.writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
          return batch.readableBytes() < BATCH;
        });
    return batch;
  }

  /** Whether the kernel has all that the endpoint was given. */
  boolean isSent() {
    return endpoint.isSent();
  }

  /** Bytes that the endpoint holds. */
  int held() {
    return endpoint.held();
  }

  /** Whether bytes wait for their turn. */
  boolean isBehind() {
    return unread != null || endpoint.isBehind();
  }

  /** Ends the sending side; see {@link Endpoint#finish}. */
  void finish() {
    endpoint.finish();
  }

  @Override
  protected void doClose() {
    open = false;
    endpoint.close();
  }

  @Override
  protected void doDisconnect() {
    doClose();
  }

  @Override
  protected void doBind(SocketAddress address) {
    throw new UnsupportedOperationException("the endpoint is there already");
  }

  @Override
  protected void doBeginRead() {
    listen();
  }

  @Override
  protected AbstractUnsafe newUnsafe() {
    return new AbstractUnsafe() {
      @Override
      public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
        promise.setFailure(new UnsupportedOperationException("the endpoint is there already"));
      }
    };
  }

  @Override
  protected boolean isCompatible(EventLoop loop) {
    return loop == events;
  }

  @Override
  protected @Nullable SocketAddress localAddress0() {
    return null;
  }

  @Override
  protected @Nullable SocketAddress remoteAddress0() {
    return endpoint.client();
  }

  @Override
  public ChannelConfig config() {
    return config;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public boolean isActive() {
    return open;
  }

  @Override
  public ChannelMetadata metadata() {
    return METADATA;
  }

  private final class Config extends DefaultChannelConfig {
    Config() {
      super(EndpointChannel.this);
    }

    @Override
    protected void autoReadCleared() {
      endpoint.listen(false);
    }
  }
}
