package doorbell.io.netty;

import doorbell.io.Budget;
import doorbell.io.CountedBuffers;
import doorbell.io.Endpoint;
import doorbell.io.IoLimits;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.limit.ClientAddress;
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
 * A Netty channel over an {@link Endpoint}, so that Netty's codecs for TLS and HTTP/2 run on our
 * sockets, on the threads of our loops. A channel costs a pipeline, for clients that need it.
 */
public final class EndpointChannel extends AbstractChannel implements Protocol {
  private static final ChannelMetadata METADATA = new ChannelMetadata(false);

  /** Bytes that are written to the endpoint as one buffer. */
  private static final int BATCH = 16_384;

  private final EventLoop events;
  private final Endpoint endpoint;
  private final Budget budget;
  private final CountedBuffers buffers;

  /** Bytes of the channel itself, with the codec. */
  private final int bytes;

  private final ChannelConfig config = new Config();
  private boolean open = true;

  /** The endpoint had no room for all bytes: nothing is read until there is room. */
  private boolean full;

  /** The channel's reader has had a turn, and has bytes left for the next turn. */
  private boolean resting;

  /** Bytes that came while the endpoint was full. */
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

  /**
   * Passes bytes on in small pieces, since each piece may be answered by many more bytes that the
   * client doesn't take.
   */
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

  /** Cuts off a client that doesn't read, or doesn't finish a request, when memory is short. */
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

  /**
   * Hands bytes to the endpoint before write promises are kept: a promise may close the channel.
   */
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

  /** True if bytes that come are read at once; false if bytes have to wait. */
  public boolean isReading() {
    return !full && unread == null && endpoint.isWritable();
  }

  private void listen() {
    endpoint.listen(!full && !resting && unread == null && config.isAutoRead());
  }

  /** Stops reading if {@code rests}, and starts again if not. */
  public void rest(boolean rests) {
    resting = rests;
    listen();
  }

  /** Copies, since an endpoint's buffers grow, and the codecs' buffers may be parts of others. */
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

  /** True if the kernel has all bytes that the endpoint was given. */
  boolean isSent() {
    return endpoint.isSent();
  }

  /** Bytes that the endpoint holds. */
  int held() {
    return endpoint.held();
  }

  /** See {@link Endpoint#isStalled}. */
  boolean isStalled() {
    return endpoint.isStalled();
  }

  /** See {@link Endpoint#countedAt}. */
  @Nullable ClientAddress countedAt() {
    return endpoint.countedAt();
  }

  /** See {@link Endpoint#countAt}. */
  void countAt(@Nullable ClientAddress at) {
    endpoint.countAt(at);
  }

  /** See {@link Endpoint#isUnix}. */
  boolean isUnix() {
    return endpoint.isUnix();
  }

  /** See {@link Endpoint#isUnnamed}. */
  boolean isUnnamed() {
    return endpoint.isUnnamed();
  }

  /** True if bytes wait for a turn. */
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
