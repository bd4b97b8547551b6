package doorbell.http2;

import static java.nio.charset.StandardCharsets.US_ASCII;

import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.http.Response;
import doorbell.io.Endpoint;
import doorbell.io.netty.EndpointChannel;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.List;

/** Writes the responses of an HTTP/2 connection as frames. Belongs to the loop's thread. */
final class Http2Writer {
  final HttpLoop http;
  final Endpoint endpoint;
  private final EndpointChannel channel;
  private final Http2ConnectionHandler handler;
  private final ChannelHandlerContext context;
  private final Http2Connection connection;

  /** True while bytes are read: frames are sent together afterwards. */
  boolean inRead;

  private boolean flushing;

  /** The time of the last window for all streams. */
  private long windowMillis;

  Http2Writer(
      HttpLoop http, Endpoint endpoint, EndpointChannel channel, Http2ConnectionHandler handler) {
    this.http = http;
    this.endpoint = endpoint;
    this.channel = channel;
    this.handler = handler;
    this.context = channel.pipeline().context(handler);
    this.connection = handler.connection();
  }

  void drop(int stream) {
    handler.resetStream(context, stream, Http2Error.CANCEL.code(), context.newPromise());
    flushSoon();
  }

  /** The client takes more of all streams together. */
  void onWindow() {
    windowMillis = http.io.deadlines.nowMillis();
  }

  /** True if an answer waits for a window, and its client has given none for a while. */
  boolean lacksWindow(int stream) {
    Http2Stream open = connection.stream(stream);
    Http2RemoteFlowController windows = connection.remote().flowController();
    if (open == null || !windows.hasFlowControlled(open)) {
      return false;
    }
    boolean isLate = http.io.deadlines.nowMillis() - windowMillis >= HttpLimits.WINDOW_MILLIS;
    return windows.windowSize(open) <= 0
        || (isLate && windows.windowSize(connection.connectionStream()) <= 0);
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

  /** Sends a part of an event stream, unless only the head was wanted. */
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

  /** Bytes are copied, so that data that waits for a window is counted. */
  private ChannelFuture write(int stream, byte[] body, boolean last) {
    ByteBuf bytes = channel.alloc().heapBuffer(body.length).writeBytes(body);
    return handler.encoder().writeData(context, stream, bytes, 0, last, context.newPromise());
  }

  /** Says that no streams after those of now are served. */
  void goAway() {
    int last = connection.remote().lastStreamCreated();
    handler.goAway(
        context, last, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, context.newPromise());
  }

  private Http2Headers headers(Response.Head head) {
    if (http.waits.isDraining() && !connection.goAwaySent()) {
      goAway();
    }
    List<String> fields = head.fields;
    Http2Headers headers = new DefaultHttp2Headers(false, fields.size());
    headers.status(Integer.toString(head.status));
    for (int i = 0; i < fields.size(); i += 2) {
      headers.add(fields.get(i), fields.get(i + 1));
    }
    return headers.add("date", http.date());
  }

  /** The rest of a request that is already answered isn't wanted: RFC 9113, 8.1. */
  private void stopListening(int stream) {
    Http2Stream answered = connection.stream(stream);
    if (answered != null && answered.state().remoteSideOpen()) {
      handler.resetStream(context, stream, Http2Error.NO_ERROR.code(), context.newPromise());
      flushSoon();
    }
  }

  /** Frames that are written in one pass of the loop are sent together. */
  private void flushSoon() {
    if (!inRead && !flushing) {
      flushing = true;
      http.waits.sendSoon(
          endpoint,
          () -> {
            flushing = false;
            channel.flush();
          });
    }
  }
}
