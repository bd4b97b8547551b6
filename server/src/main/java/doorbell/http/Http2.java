package doorbell.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.HttpConversionUtil;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.util.List;
import java.util.Map;

/**
 * One client's connection of HTTP/2; each of its requests is a {@link Stream}. Frames, compressed
 * headers, flow control and the limits against floods are Netty's. Belongs to its loop's thread.
 */
final class Http2 extends Timed implements Session {
  private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\n".getBytes(US_ASCII);

  final Node node;
  final Loop loop;
  final Wire wire;
  private final WireChannel channel;
  private final Http2ConnectionHandler handler;
  private final ChannelHandlerContext context;
  private final Http2Connection connection;
  private final Http2Connection.PropertyKey key;
  private boolean inRead;
  private boolean flushing;
  private boolean closing;

  Http2(Node node, Loop loop, Wire wire) {
    this.node = node;
    this.loop = loop;
    this.wire = wire;
    Frames frames = new Frames();
    channel = new WireChannel(loop.events, wire);
    handler = handler(node.options().maxWaitsPerConnection(), frames);
    channel.pipeline().addLast(handler);
    context = channel.pipeline().context(handler);
    connection = handler.connection();
    key = connection.newKey();
    connection.addListener(frames);
  }

  private static Http2ConnectionHandler handler(int streams, Frames frames) {
    Http2Settings settings =
        new Http2Settings().maxConcurrentStreams(streams).maxHeaderListSize(Limits.HEADER_LIST);
    DefaultHttp2Connection connection = new DefaultHttp2Connection(true);
    // The usual one heeds priorities, which RFC 9113 dropped: a state and a queue for each stream.
    connection
        .remote()
        .flowController(
            new DefaultHttp2RemoteFlowController(
                connection, new UniformStreamByteDistributor(connection)));
    return new Http2ConnectionHandlerBuilder()
        .connection(connection)
        .initialSettings(settings)
        .validateRequiredPseudoHeaders(true)
        .decoderEnforceMaxRstFramesPerWindow(
            Math.max(Limits.RESETS, 2 * streams), Limits.RESETS_SECONDS)
        .gracefulShutdownTimeoutMillis(Limits.LINGER_MILLIS)
        .frameListener(frames)
        .build();
  }

  /** Gives the codec the part of the preface that was taken for a request. */
  @Override
  public void onOpen() {
    onIdle();
    channel.onOpen();
    onBytes(Unpooled.wrappedBuffer(PREFACE));
  }

  private void onIdle() {
    loop.deadlines.set(this, node.options().idleTimeout().toMillis());
  }

  @Override
  public void onBytes(ByteBuf bytes) {
    inRead = true;
    channel.onBytes(bytes);
  }

  @Override
  public void onReadEnd() {
    inRead = false;
    channel.onReadEnd();
  }

  @Override
  public void onWritable() {
    channel.onWritable();
  }

  @Override
  public void onClosed() {
    closing = true;
    channel.onClosed();
    loop.deadlines.cancel(this);
  }

  /** One without streams has been idle for long enough. */
  @Override
  void onDeadline() {
    if (closing) {
      wire.cut();
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

  /** What the fields would have in HTTP/1.1, in bytes; those that stand for its first line not. */
  private static int size(Http2Headers headers) {
    int bytes = 0;
    for (Map.Entry<CharSequence, CharSequence> field : headers) {
      if (field.getKey().charAt(0) != ':') {
        bytes += field.getKey().length() + field.getValue().length() + ": \r\n".length();
      }
    }
    return bytes;
  }

  boolean isOpen(int stream) {
    return connection.stream(stream) != null;
  }

  void goOn(int stream) {
    Http2Headers headers = new DefaultHttp2Headers(false).status("100");
    handler.encoder().writeHeaders(context, stream, headers, 0, false, context.newPromise());
    flushSoon();
  }

  void answer(int stream, Reply reply) {
    byte[] body = reply.body;
    Http2Headers headers = headers(reply.head);
    if (body != null) {
      headers.setInt("content-length", body.length);
    }
    boolean bare = body == null || body.length == 0 || reply.headOnly;
    handler.encoder().writeHeaders(context, stream, headers, 0, bare, context.newPromise());
    if (body != null && !bare) {
      write(stream, Unpooled.wrappedBuffer(body), true);
    }
    stopListening(stream);
    flushSoon();
  }

  void open(int stream, boolean bare) {
    Http2Headers headers = headers(Reply.EVENTS);
    handler.encoder().writeHeaders(context, stream, headers, 0, bare, context.newPromise());
    flushSoon();
  }

  /** A part of an event stream, unless only its head was wanted. */
  void send(int stream, String part, boolean last) {
    Http2Stream open = connection.stream(stream);
    if (open != null && open.state().localSideOpen()) {
      write(stream, Unpooled.wrappedBuffer(part.getBytes(US_ASCII)), last);
      flushSoon();
    }
  }

  private void write(int stream, ByteBuf bytes, boolean last) {
    handler.encoder().writeData(context, stream, bytes, 0, last, context.newPromise());
  }

  private Http2Headers headers(Reply.Head head) {
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
    return headers.add("date", loop.replies.date());
  }

  /** The rest of a request that is answered already isn't wanted: RFC 9113, 8.1. */
  private void stopListening(int stream) {
    Http2Stream answered = connection.stream(stream);
    if (answered != null && answered.state().remoteSideOpen()) {
      handler.flush(context);
      handler.resetStream(context, stream, Http2Error.NO_ERROR.code(), context.newPromise());
    }
  }

  /** What is said in one pass of the loop goes out together. */
  private void flushSoon() {
    if (!inRead && !flushing) {
      flushing = true;
      loop.events.execute(
          () -> {
            flushing = false;
            channel.flush();
          });
    }
  }

  private final class Frames extends Http2EventAdapter {
    @Override
    public void onHeadersRead(
        ChannelHandlerContext from, int id, Http2Headers headers, int padding, boolean last)
        throws Http2Exception {
      Http2Stream stream = connection.stream(id);
      Stream known = stream.getProperty(key);
      if (known != null) {
        known.onBody(Unpooled.EMPTY_BUFFER, last);
        return;
      }
      HttpRequest request = HttpConversionUtil.toHttpRequest(id, headers, false);
      if (size(headers) > Limits.HEADER_FIELDS) {
        request.setDecoderResult(DecoderResult.failure(new TooLongHttpHeaderException()));
      }
      Stream begun = new Stream(Http2.this, id, new Incoming(request, node.options().basePath()));
      stream.setProperty(key, begun);
      begun.onHead(last);
    }

    @Override
    public void onHeadersRead(
        ChannelHandlerContext from,
        int id,
        Http2Headers headers,
        int dependency,
        short weight,
        boolean exclusive,
        int padding,
        boolean last)
        throws Http2Exception {
      onHeadersRead(from, id, headers, padding, last);
    }

    @Override
    public int onDataRead(
        ChannelHandlerContext from, int id, ByteBuf data, int padding, boolean last) {
      int bytes = data.readableBytes() + padding;
      Stream stream = connection.stream(id).getProperty(key);
      if (stream != null) {
        stream.onBody(data, last);
      }
      return bytes;
    }

    @Override
    public void onStreamClosed(Http2Stream closed) {
      Stream stream = closed.getProperty(key);
      if (stream != null) {
        stream.onClosed();
      }
      if (connection.numActiveStreams() == 0 && !closing) {
        onIdle();
      }
    }
  }
}
