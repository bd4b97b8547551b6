package doorbell.http;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventTable;
import doorbell.http.Replies.After;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection. Belongs to its loop's thread; what comes from elsewhere (a wake, a
 * stored set) is handed to that thread first.
 *
 * <pre>
 * IDLE --first byte--> READING --a whole request--> answered at once, and IDLE again
 *  ^                      |    \
 *  |              refused |     +--> ASKED: a wait is parked, or a set is being stored;
 *  |                      v           |     no decoder stands by
 *  |    closed <------ CLOSING <------+ answered
 *  +----------------------------------+
 * </pre>
 */
final class Connection extends ChannelInboundHandlerAdapter {
  static final long NO_DEADLINE = -1;
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  private enum State {
    IDLE,
    READING,
    ASKED,
    CLOSING
  }

  /** What the connections of a node share. */
  record Node(EventTable table, WaitingRoom room, HttpOptions options) {}

  // The connection is itself the link of Deadlines.
  long deadline = NO_DEADLINE;
  @Nullable Connection earlier;
  @Nullable Connection later;

  final Node node;
  final Loop loop;
  private final Channel channel;
  private State state = State.IDLE;
  private After after = After.STAYS;
  private boolean inRead;
  private @Nullable RequestDecoder decoder;
  private @Nullable Incoming incoming;
  private @Nullable Pending pending;
  private @Nullable ByteBuf behind;

  Connection(Node node, Loop loop, Channel channel) {
    this.node = node;
    this.loop = loop;
    this.channel = channel;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    loop.deadlines.set(this, node.options.idleTimeout().toMillis());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    inRead = true;
    if (message instanceof ByteBuf bytes) {
      onBytes(bytes);
      return;
    }
    try {
      if (message instanceof HttpRequest head && state != State.CLOSING) {
        onHead(new Incoming(head, node.options.basePath()));
      }
      if (message instanceof HttpContent content && incoming != null) {
        onBody(incoming, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    inRead = false;
    channel.flush();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    readOrPause();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    state = State.CLOSING;
    if (pending != null) {
      pending.abandon();
      pending = null;
    }
    dropInput();
    loop.deadlines.cancel(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof IOException)) {
      LOG.warn("a connection failed and is closed", cause);
    }
    channel.close();
  }

  /** The decoder got bytes: the request must be complete in time from now on. */
  void onFirstBytes() {
    if (state == State.IDLE) {
      state = State.READING;
      loop.deadlines.set(this, node.options.headTimeout().toMillis());
    }
  }

  void onDeadline() {
    switch (state) {
      case IDLE, CLOSING -> channel.close();
      case READING -> refuseAndClose(new Refused(408, "the request took too long to arrive"));
      case ASKED -> onDecided(requireNonNull(pending));
    }
  }

  /** An answer that was pending is there. */
  void onDecided(Pending decided) {
    if (decided == pending) {
      pending = null;
      answer(decided.end());
    }
  }

  /** Whose connection it is. */
  SocketAddress client() {
    return channel.remoteAddress();
  }

  /** How the connection goes on after the answer that is written now. */
  After after() {
    return loop.isDraining() ? After.CLOSES : after;
  }

  boolean isParked() {
    return pending instanceof Wait;
  }

  /** The node goes down: a parked wait is answered, if only with "ask again". */
  void drain() {
    if (isParked()) {
      onDecided(requireNonNull(pending));
    }
  }

  /** Closes when all that was answered is sent; done when it is closed. */
  ChannelFuture close() {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    return channel.closeFuture();
  }

  private void onBytes(ByteBuf bytes) {
    switch (state) {
      case IDLE, READING -> {
        decoder = new RequestDecoder(this);
        channel.pipeline().addFirst(decoder).fireChannelRead(bytes);
      }
      case ASKED -> keepBehind(bytes);
      case CLOSING -> bytes.release();
    }
  }

  private void onHead(Incoming request) {
    incoming = request;
    after = request.after;
    if (request.isHopeless()) {
      refuseAndClose(request);
    } else if (request.expectsContinue) {
      channel.writeAndFlush(Replies.goOn());
    }
  }

  private void onBody(Incoming request, HttpContent content) {
    if (content.decoderResult().isFailure()) {
      request.refuseBody();
    } else if (request.add(content.content(), channel.alloc())) {
      loop.deadlines.set(this, node.options.headTimeout().toMillis());
    }
    if (request.isHopeless()) {
      refuseAndClose(request);
    } else if (content instanceof LastHttpContent) {
      incoming = null;
      act(request);
    }
  }

  private void act(Incoming whole) {
    try {
      Request request = whole.request();
      switch (request.what()) {
        case WAIT -> begin(new Wait(this, request));
        case SET, SET_MANY -> begin(new Setting(this, request, whole.body()));
        default -> answer(loop.replies.page(request, after()));
      }
    } catch (Refused refused) {
      answer(loop.replies.problem(refused, whole.head, after()));
    } finally {
      whole.release();
    }
  }

  private void begin(Pending begun) {
    begun.begin();
    if (begun.isDecided()) {
      answer(begun.end());
    } else {
      pending = begun;
      loop.deadlines.set(this, begun.holdMillis());
      suspend();
    }
  }

  private void refuseAndClose(Incoming request) {
    try {
      request.request();
    } catch (Refused refused) {
      refuseAndClose(refused);
    }
  }

  private void refuseAndClose(Refused refused) {
    boolean headOnly = incoming != null && incoming.head;
    after = After.CLOSES;
    answer(loop.replies.problem(refused, headOnly, after));
  }

  private void answer(ByteBuf reply) {
    boolean suspended = state == State.ASKED;
    if (after() == After.CLOSES) {
      closeAfter(reply);
      return;
    }
    state = State.IDLE;
    loop.deadlines.set(this, node.options.idleTimeout().toMillis());
    if (inRead) {
      channel.write(reply, channel.voidPromise());
    } else {
      channel.writeAndFlush(reply, channel.voidPromise());
    }
    if (suspended) {
      resume();
    }
  }

  /**
   * Sends the end, and reads on for a while: unread bytes would make the kernel drop the answer.
   */
  private void closeAfter(ByteBuf reply) {
    state = State.CLOSING;
    dropInput();
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
    channel
        .writeAndFlush(reply)
        .addListener(
            sent -> {
              if (sent.isSuccess() && channel instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
              } else {
                channel.close();
              }
            });
    readOrPause();
  }

  /**
   * Nothing stands by while an answer is due; what the client sends meanwhile is kept for later.
   */
  private void suspend() {
    state = State.ASKED;
    removeDecoder();
  }

  private void resume() {
    ByteBuf next = behind;
    behind = null;
    readOrPause();
    if (next != null) {
      boolean outer = inRead;
      inRead = true;
      onBytes(next);
      inRead = outer;
      if (!outer) {
        channel.flush();
      }
    }
  }

  private void keepBehind(ByteBuf bytes) {
    try {
      if (behind == null) {
        behind = channel.alloc().buffer(bytes.readableBytes());
      }
      behind.writeBytes(bytes);
    } finally {
      bytes.release();
    }
    if (isBehindFull() && isParked()) {
      requireNonNull(pending).abandon();
      pending = null;
      refuseAndClose(
          new Refused(
              413, "at most " + Limits.BEHIND_A_WAIT + " bytes may follow a wait before its end"));
    } else {
      readOrPause();
    }
  }

  private boolean isBehindFull() {
    return behind != null && behind.readableBytes() > Limits.BEHIND_A_WAIT;
  }

  /** A client that doesn't take its answers, or runs ahead of its sets, isn't listened to. */
  private void readOrPause() {
    boolean reads = channel.isWritable() && !isBehindFull();
    if (channel.config().isAutoRead() != reads) {
      channel.config().setAutoRead(reads);
    }
  }

  private void removeDecoder() {
    RequestDecoder removed = decoder;
    decoder = null;
    if (removed != null) {
      channel.pipeline().remove(removed);
    }
  }

  private void dropInput() {
    removeDecoder();
    if (incoming != null) {
      incoming.release();
      incoming = null;
    }
    if (behind != null) {
      behind.release();
      behind = null;
    }
  }
}
