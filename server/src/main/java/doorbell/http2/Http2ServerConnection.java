package doorbell.http2;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.io.IoLimits;
import doorbell.io.Protocol;
import doorbell.io.Turns;
import doorbell.io.netty.EndpointChannel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection of HTTP/2; each request is a {@link Http2Exchange}. Frames, compressed
 * headers and flow control are Netty's: see {@link Http2Codec}. Belongs to the loop's thread.
 */
public final class Http2ServerConnection extends Deadline implements Protocol, Turns.Taker {
  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\n".getBytes(US_ASCII);

  /** Bytes of the rest of the preface. */
  private static final int PREFACE_LEFT = "SM\r\n\r\n".length();

  /** Bytes between checks for the end of the turn: about twenty requests. */
  private static final int SLICE = 512;

  /** Memory of a connection with full tables of compressed fields, in bytes. */
  private static final int BYTES = 24_576;

  final HttpLoop http;
  private final Endpoint endpoint;

  /** The answer to each request, and then the end of the connection; null to serve them. */
  final @Nullable HttpError refusal;

  private final EndpointChannel channel;
  final Http2Codec handler;
  private final ChannelHandlerContext context;
  final Http2Connection connection;
  final Http2Connection.PropertyKey key;
  final Http2Writer writer;
  private final FrameEnds ends = new FrameEnds(PREFACE_LEFT);

  /**
   * The number of the frame that is partly here; 0 for none, -1 for the preface and first frame.
   */
  private int awaited;

  /** The time at which an idle connection is closed. */
  private long idleUntil;

  /** True if the client sends no more, and earlier bytes are still to be read. */
  private boolean endsLater;

  /** Bytes that are here and are read in the next turn. */
  private @Nullable ByteBuf unread;

  /** Pings and settings that came while the client didn't read the answers to earlier ones. */
  private int unreadQuestions;

  private boolean closing;
  private boolean gone;

  /** True once all responses are written and arriving bytes are ignored. */
  private boolean lingering;

  /** True if bytes came since the last deadline of a lingering connection. */
  private boolean heard;

  /** Deadlines that passed because the client still sent. */
  private byte lingers;

  public Http2ServerConnection(HttpLoop http, Endpoint endpoint) {
    this(http, endpoint, null);
  }

  /** A connection whose streams are all answered by {@code refusal}, if there is one. */
  public Http2ServerConnection(HttpLoop http, Endpoint endpoint, @Nullable HttpError refusal) {
    this.http = http;
    this.refusal = refusal;
    this.endpoint = endpoint;
    Http2Frames frames = new Http2Frames(this);
    channel = new EndpointChannel(http.io, endpoint, BYTES);
    handler = Http2Codec.of(this, frames);
    channel.pipeline().addLast(new Linger(), handler);
    context = channel.pipeline().context(handler);
    connection = handler.connection();
    key = connection.newKey();
    connection.addListener(frames);
    writer = new Http2Writer(this.http, endpoint, channel, handler);
  }

  /** Takes the beginning of HTTP/2's preface from {@code bytes}, if all of it is there. */
  public static boolean takePreface(ByteBuf bytes) {
    ByteBuf preface = Unpooled.wrappedBuffer(PREFACE);
    boolean isThere = ByteBufUtil.equals(bytes, bytes.readerIndex(), preface, 0, PREFACE.length);
    if (isThere) {
      bytes.skipBytes(PREFACE.length);
    }
    return isThere;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  /** Gives the codec the part of the preface that was taken for a request. */
  @Override
  public void onOpen() {
    idleUntil = http.io.deadlines.nowMillis() + idleMillis();
    http.io.deadlines.set(this, http.options.headTimeout().toMillis());
    awaited = -1;
    channel.onOpen();
    writer.inRead = true;
    channel.onBytes(Unpooled.wrappedBuffer(PREFACE));
  }

  void onIdle() {
    if (closing) {
      return;
    }
    idleUntil = http.io.deadlines.nowMillis() + idleMillis();
    if (awaited == 0) {
      http.io.deadlines.set(this, idleMillis());
    }
  }

  private long idleMillis() {
    return refusal == null ? http.options.idleTimeout().toMillis() : HttpLimits.REFUSED_MILLIS;
  }

  /** Says that no more requests are wanted, and gives the client time to read why. */
  void endAsRefused() {
    if (!closing) {
      closing = true;
      http.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
      writer.goAway();
      channel.flush();
    }
  }

  /** Sets a deadline for a frame that is partly here: P57. */
  private void await() {
    int now = ends.isBetween() ? 0 : Math.max(1, ends.count());
    if (now == awaited || closing || (now == 1 && awaited < 0) || (refusal != null && now > 0)) {
      return;
    }
    awaited = now;
    long left = idleUntil - http.io.deadlines.nowMillis();
    http.io.deadlines.set(
        this, now == 0 ? Math.max(0, left) : http.options.headTimeout().toMillis());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    if (lingering) {
      heard = true;
      return;
    }
    writer.inRead = true;
    while (unread == null && bytes.isReadable() && !lingering) {
      ByteBuf some = bytes.readSlice(Math.min(SLICE, bytes.readableBytes()));
      ends.follow(some);
      onControls();
      if (!lingering) {
        channel.onBytes(some);
      }
      if (bytes.isReadable() && http.io.turns.isOver()) {
        unread = http.io.allocator.buffer(bytes.readableBytes());
        channel.rest(true);
        http.io.turns.ask(this);
      }
    }
    if (unread != null) {
      unread.writeBytes(bytes);
    }
  }

  /** Charges frames of control, and ends who asks on and on and doesn't read the answers. */
  private void onControls() {
    handler.charge(ends.takeCost());
    int questions = ends.takeQuestions();
    if (questions > 0) {
      unreadQuestions = endpoint.held() > IoLimits.HELD ? unreadQuestions + questions : 0;
      if (unreadQuestions > HttpLimits.UNREAD_QUESTIONS && !closing) {
        lingers = HttpLimits.LINGERS; // It doesn't read why.
        handler.endAsFlood();
      }
    }
  }

  @Override
  public void onTurn() {
    ByteBuf next = unread;
    unread = null;
    if (next != null) {
      onBytes(next); // Throws nothing: the pipeline keeps exceptions.
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
    writer.inRead = false;
    channel.onReadEnd();
    await();
  }

  /** Sets in progress are stored before the connection closes. */
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
    visit(Http2Exchange::onEnd);
    handler.gracefulShutdownTimeoutMillis(HttpLimits.SET_MILLIS);
    closeWithin(HttpLimits.SET_MILLIS + HttpLimits.LINGER_MILLIS);
  }

  @Override
  public void onWritable() {
    if (awaited != 0 && !closing) { // Until now the frame wasn't read, so couldn't be whole.
      http.io.deadlines.set(this, http.options.headTimeout().toMillis());
    }
    channel.onWritable();
  }

  @Override
  public void onClosed() {
    gone = true;
    closing = true;
    channel.onClosed();
    if (unread != null) {
      unread.release();
      unread = null;
    }
    http.io.deadlines.cancel(this);
  }

  /** A late frame ends the connection, and so does a long time without streams. */
  @Override
  protected void onDeadline() {
    if (closing && heard && ++lingers < HttpLimits.LINGERS) {
      heard = false;
      http.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
    } else if (closing) {
      endpoint.cut();
    } else if (awaited != 0 && unread == null && channel.isReading() && !endpoint.isBehind()) {
      visit(Http2Exchange::onLate);
      handler.end("a frame took too long to arrive");
    } else if (awaited != 0) {
      http.io.deadlines.set(this, http.options.headTimeout().toMillis());
    } else if (connection.numActiveStreams() > 0 || isBehind()) {
      onIdle();
    } else {
      close();
    }
  }

  /**
   * True if bytes have come that weren't looked at, of a client that takes answers. One that is
   * refused is served no longer for them.
   */
  private boolean isBehind() {
    boolean isLate = unread != null || endpoint.isBehind();
    return isLate && refusal == null && !endpoint.isStalled();
  }

  @Override
  public void close() {
    if (lingering) {
      endpoint.close();
      return;
    }
    closeWithin(HttpLimits.LINGER_MILLIS);
  }

  /** Sets the deadline first: one that is set after the end would keep all of this until then. */
  private void closeWithin(long millis) {
    closing = true;
    http.io.deadlines.set(this, millis);
    channel.close();
  }

  ChannelHandlerContext context() {
    return context;
  }

  /**
   * An error ends the connection: parked waits are answered before. A stream may find it when the
   * connection is closed already, and a deadline would keep all of this.
   */
  void onFailed() {
    closing = true;
    if (!gone) {
      http.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
    }
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
   * Delays the close after an error until the client closes, or has had time to: unread bytes would
   * make the kernel drop the responses.
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
}
