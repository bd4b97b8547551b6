package doorbell.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection of HTTP/2; each of its requests is a {@link Http2Exchange}. Frames,
 * compressed headers and flow control are Netty's: see {@link Http2Codec}. Belongs to its loop's
 * thread.
 */
final class Http2ServerConnection extends Deadline implements Protocol, Turns.Taker {
  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\n".getBytes(US_ASCII);

  /** The rest of the preface. */
  private static final int PREFACE_LEFT = "SM\r\n\r\n".length();

  /** Bytes after which it is asked whether the turn is over: some twenty requests. */
  private static final int SLICE = 512;

  final Node node;
  final Loop loop;
  final Endpoint endpoint;
  private final EndpointChannel channel;
  final Http2Codec handler;
  private final ChannelHandlerContext context;
  final Http2Connection connection;
  final Http2Connection.PropertyKey key;
  private final FrameEnds ends = new FrameEnds(PREFACE_LEFT);

  /** The frame that has come in part, and is waited for; none if it is 0. */
  private int awaited;

  /** When it is closed if nothing comes. */
  private long idleUntil;

  private boolean inRead;

  /** The client sends no more, and what came before is to be read yet. */
  private boolean endsLater;

  /** Bytes that came and are read in its next turn. */
  private @Nullable ByteBuf unread;

  private boolean flushing;
  private boolean closing;

  /** The client sends no more. */
  private boolean ended;

  /** All is said, and what still comes isn't looked at. */
  private boolean lingering;

  Http2ServerConnection(Node node, Loop loop, Endpoint endpoint) {
    this.node = node;
    this.loop = loop;
    this.endpoint = endpoint;
    Http2Frames frames = new Http2Frames(this);
    channel = new EndpointChannel(node, loop, endpoint, Memory.HTTP2);
    handler = Http2Codec.of(this, frames);
    channel.pipeline().addLast(new Linger(), handler);
    context = channel.pipeline().context(handler);
    connection = handler.connection();
    key = connection.newKey();
    connection.addListener(frames);
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  /** Gives the codec the part of the preface that was taken for a request. */
  @Override
  public void onOpen() {
    idleUntil = loop.deadlines.nowMillis() + node.options().idleTimeout().toMillis();
    loop.deadlines.set(this, node.options().headTimeout().toMillis());
    awaited = -1;
    channel.onOpen();
    inRead = true;
    channel.onBytes(Unpooled.wrappedBuffer(PREFACE));
  }

  void onIdle() {
    if (closing) {
      return;
    }
    idleUntil = loop.deadlines.nowMillis() + node.options().idleTimeout().toMillis();
    if (awaited == 0) {
      loop.deadlines.set(this, node.options().idleTimeout().toMillis());
    }
  }

  /** Has a frame that came in part be whole in time: P57. */
  private void await() {
    int now = ends.isBetween() ? 0 : Math.max(1, ends.count());
    if (now == awaited || closing || (now == 1 && awaited < 0)) {
      return;
    }
    awaited = now;
    long left = idleUntil - loop.deadlines.nowMillis();
    loop.deadlines.set(
        this, now == 0 ? Math.max(0, left) : node.options().headTimeout().toMillis());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (lingering) {
      return;
    }
    inRead = true;
    while (unread == null && bytes.isReadable() && !lingering) {
      ByteBuf some = bytes.readSlice(Math.min(SLICE, bytes.readableBytes()));
      ends.follow(some);
      channel.onBytes(some);
      if (bytes.isReadable() && loop.turns.isOver()) {
        unread = loop.allocator.buffer(bytes.readableBytes());
        channel.rest(true);
        loop.turns.ask(this);
      }
    }
    if (unread != null) {
      unread.writeBytes(bytes);
    }
  }

  @Override
  public void onTurn() {
    ByteBuf next = unread;
    unread = null;
    if (next != null) {
      onBytes(next); // The pipeline keeps to itself what is thrown.
      next.release();
      channel.rest(unread != null);
      onReadEnd();
      if (endsLater && unread == null) {
        onEnd();
      }
    }
  }

  @Override
  public void onReadEnd() {
    inRead = false;
    channel.onReadEnd();
    await();
  }

  /** Sets that are being stored are waited for. */
  @Override
  public void onEnd() {
    if (closing) {
      endpoint.close();
      return;
    }
    endsLater = unread != null;
    if (endsLater) {
      return;
    }
    ended = true;
    visit(Http2Exchange::onEnd);
    handler.gracefulShutdownTimeoutMillis(Limits.SET_MILLIS);
    close();
    loop.deadlines.set(this, Limits.SET_MILLIS + Limits.LINGER_MILLIS);
  }

  boolean hasEnded() {
    return ended;
  }

  void drop(int stream) {
    handler.resetStream(context, stream, Http2Error.CANCEL.code(), context.newPromise());
  }

  @Override
  public void onWritable() {
    if (awaited != 0 && !closing) { // Until now it wasn't read, so it couldn't be whole.
      loop.deadlines.set(this, node.options().headTimeout().toMillis());
    }
    channel.onWritable();
  }

  @Override
  public void onClosed() {
    closing = true;
    channel.onClosed();
    if (unread != null) {
      unread.release();
      unread = null;
    }
    loop.deadlines.cancel(this);
  }

  /** One without streams has been idle for long enough. */
  @Override
  void onDeadline() {
    if (closing) {
      endpoint.cut();
    } else if (awaited != 0 && unread == null && channel.isReading()) {
      visit(Http2Exchange::onLate);
      handler.end("a frame took too long to arrive");
    } else if (awaited != 0) {
      loop.deadlines.set(this, node.options().headTimeout().toMillis());
    } else if (connection.numActiveStreams() > 0) {
      onIdle();
    } else {
      close();
    }
  }

  @Override
  void close() {
    closing = true;
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
    channel.close();
  }

  ChannelHandlerContext context() {
    return context;
  }

  /** An error ends the connection: whoever waits is answered before. */
  void onFailed() {
    closing = true;
    loop.deadlines.set(this, Limits.LINGER_MILLIS);
    visit(Http2Exchange::drain);
    handler.flush(context);
  }

  private void visit(Consumer<Http2Exchange> visitor) {
    try {
      connection.forEachActiveStream(
          active -> {
            Http2Exchange stream = active.getProperty(key);
            if (stream != null) {
              visitor.accept(stream);
            }
            return true;
          });
    } catch (Http2Exception e) {
      throw new AssertionError("visiting a stream throws nothing", e);
    }
  }

  /**
   * After an error the connection isn't closed before its client has, or has had time to: bytes
   * that nobody read would make the kernel drop the answers.
   */
  private final class Linger extends ChannelOutboundHandlerAdapter {
    @Override
    public void close(ChannelHandlerContext to, ChannelPromise promise) {
      if (!handler.hasFailed()) {
        to.close(promise);
      } else if (!lingering) {
        lingering = true;
        endpoint.finish();
        endpoint.listen(true);
      }
    }
  }

  boolean isOpen(int stream) {
    return connection.stream(stream) != null;
  }

  void goOn(int stream) {
    Http2Headers headers = new DefaultHttp2Headers(false).status("100");
    handler.encoder().writeHeaders(context, stream, headers, 0, false, context.newPromise());
    flushSoon();
  }

  void answer(int stream, Response response) {
    byte[] body = response.body;
    Http2Headers headers = headers(response.head);
    if (body != null) {
      headers.setInt("content-length", body.length);
    }
    boolean bare = body == null || body.length == 0 || response.headOnly;
    ChannelFuture all =
        handler.encoder().writeHeaders(context, stream, headers, 0, bare, context.newPromise());
    if (body != null && !bare) {
      all = write(stream, body, true);
    }
    Http2Stream answered = connection.stream(stream);
    if (answered != null && answered.state().remoteSideOpen()) {
      all.addListener(sent -> stopListening(stream));
    }
    flushSoon();
  }

  void open(int stream, boolean bare) {
    Http2Headers headers = headers(Response.EVENTS);
    handler.encoder().writeHeaders(context, stream, headers, 0, bare, context.newPromise());
    flushSoon();
  }

  /** A part of an event stream, unless only its head was wanted. */
  void send(int stream, String part, boolean last) {
    Http2Stream open = connection.stream(stream);
    if (open != null && open.state().localSideOpen()) {
      write(stream, part.getBytes(US_ASCII), last);
      flushSoon();
    }
  }

  boolean isSent(int stream) {
    Http2Stream open = connection.stream(stream);
    return open != null
        && channel.isWritable()
        && !connection.remote().flowController().hasFlowControlled(open);
  }

  /** Copied, so that what waits for a window is counted. */
  private ChannelFuture write(int stream, byte[] body, boolean last) {
    ByteBuf bytes = channel.alloc().heapBuffer(body.length).writeBytes(body);
    return handler.encoder().writeData(context, stream, bytes, 0, last, context.newPromise());
  }

  private Http2Headers headers(Response.Head head) {
    if (loop.isDraining() && !connection.goAwaySent()) {
      int last = connection.remote().lastStreamCreated();
      handler.goAway(
          context, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, context.newPromise());
    }
    List<String> fields = head.fields;
    Http2Headers headers = new DefaultHttp2Headers(false, fields.size());
    headers.status(Integer.toString(head.status));
    for (int i = 0; i < fields.size(); i += 2) {
      headers.add(fields.get(i), fields.get(i + 1));
    }
    return headers.add("date", loop.encoder.date());
  }

  /** The rest of a request that is answered already isn't wanted: RFC 9113, 8.1. */
  private void stopListening(int stream) {
    Http2Stream answered = connection.stream(stream);
    if (answered != null && answered.state().remoteSideOpen()) {
      handler.resetStream(context, stream, Http2Error.NO_ERROR.code(), context.newPromise());
      flushSoon();
    }
  }

  /** What is said in one pass of the loop goes out together. */
  private void flushSoon() {
    if (!inRead && !flushing) {
      flushing = true;
      loop.soon(
          endpoint,
          () -> {
            flushing = false;
            channel.flush();
          });
    }
  }
}
