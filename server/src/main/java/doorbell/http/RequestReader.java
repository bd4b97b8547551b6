package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.event.EventId;
import doorbell.io.Budget;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request that is being read. A refusal is kept until the body has been read too, so that the
 * connection can go on; nothing is done for a request before all of it is there.
 */
public final class RequestReader {
  public final boolean head;

  /** The connection may go on after the answer. */
  public final boolean stays;

  public final boolean expectsContinue;

  /** It came by HTTP/1.0. */
  public final boolean old;

  /** What a request for WebSocket is answered by; null if there is none. */
  public final @Nullable String webSocketKey;

  private final boolean hasBody;
  private @Nullable Request request;
  private @Nullable HttpError refused;
  private @Nullable BulkSetBody bulk;
  private @Nullable KeyBody key;
  private int bodyBytes;

  /** What is counted of it in the budget, while it waits for more. */
  private long held;

  private final Budget budget;

  public RequestReader(HttpRequest http, HttpLoop loop) {
    budget = loop.io.budget;
    head = http.method().equals(HttpMethod.HEAD);
    expectsContinue = HttpUtil.is100ContinueExpected(http);
    old = http.protocolVersion().minorVersion() == 0;
    webSocketKey = http.headers().get(HttpHeaderNames.SEC_WEBSOCKET_KEY);
    refused = broken(http);
    if (refused != null) {
      stays = false;
      hasBody = true;
      return;
    }
    stays = HttpUtil.isKeepAlive(http);
    long length = HttpUtil.getContentLength(http, 0L);
    hasBody = length > 0 || HttpUtil.isTransferEncodingChunked(http);
    try {
      request = Request.of(http, loop.options.basePath());
      checkLength(length);
    } catch (HttpError e) {
      refused = e.inFormFor(http.headers().getAll(HttpHeaderNames.ACCEPT));
    }
  }

  /** What to do; throws what was wrong with the request. */
  public Request request() throws HttpError {
    if (refused != null || request == null) {
      throw refused != null ? refused : new HttpError(400, "the request can't be read");
    }
    return request;
  }

  public boolean isRefused() {
    return refused != null;
  }

  /** Why reading the rest would be for nothing; null if it wouldn't. */
  public @Nullable HttpError hopeless() {
    return hasBody ? refused : null;
  }

  /** Takes a piece of the body. */
  public void add(ByteBuf piece) {
    bodyBytes += piece.readableBytes();
    try {
      checkLength(bodyBytes);
      if (refused == null && request != null && request.needsBody() && piece.isReadable()) {
        keep(request, piece);
      }
    } catch (HttpError e) {
      refused = e;
    }
  }

  private void keep(Request whose, ByteBuf piece) throws HttpError {
    if (whose.what() == Request.What.SET_MANY) {
      bulk = bulk == null ? new BulkSetBody(budget) : bulk;
      bulk.add(piece);
    } else {
      key = key == null ? new KeyBody() : key;
      key.add(piece);
    }
  }

  /** The same, of a body that may be broken off, or not be what it says; true if it is the last. */
  public boolean add(HttpContent piece) {
    if (piece.decoderResult().isFailure()) {
      refused = new HttpError(400, "the body's chunks can't be read");
    } else {
      add(piece.content());
    }
    return piece instanceof LastHttpContent;
  }

  /** More of it is to come: it is counted until its release. False if there is no room for it. */
  public boolean mayWait() {
    if (held == 0) {
      int ids = request == null ? 0 : request.events().size();
      held = Memory.REQUEST + (long) Memory.ID * ids;
      budget.count(held);
    }
    return !budget.isSpentFor(held);
  }

  /** The ids that it sets, each one's key checked. */
  List<EventId> ids() throws HttpError {
    Request whose = request();
    if (whose.what() == Request.What.SET_MANY) {
      return (bulk == null ? new BulkSetBody(budget) : bulk).end();
    }
    EventId id = whose.events().get(0).id();
    if (id instanceof EventId.Sealed sealed && !sealed.isOpenedBy(key == null ? "" : key.key())) {
      throw new HttpError(403, "the id is sealed, and the body is not its key");
    }
    return List.of(id);
  }

  /** It is over, or done with: nothing of it is counted any more. */
  public void release() {
    if (bulk != null) {
      bulk.release();
    }
    budget.count(-held);
    held = 0;
  }

  private void checkLength(long length) throws HttpError {
    int limit = request == null ? HttpLimits.BODY : request.bodyLimit();
    if (length > limit) {
      throw new HttpError(413, "the body here has at most " + limit + " bytes");
    }
  }

  /** What makes it impossible to tell where the request ends, or who it is for; null if nothing. */
  private static @Nullable HttpError broken(HttpRequest http) {
    Throwable cause = http.decoderResult().cause();
    HttpVersion version = http.protocolVersion();
    HttpHeaders headers = http.headers();
    if (cause instanceof TooLongHttpLineException
        || http.uri().length() > HttpLimits.REQUEST_LINE) {
      return new HttpError(414, "a request line has at most " + HttpLimits.REQUEST_LINE + " bytes");
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return new HttpError(
          431, "the header fields have at most " + HttpLimits.HEADER_FIELDS + " bytes together");
    }
    if (version.majorVersion() != 1) {
      return new HttpError(505, "this port speaks HTTP/1.1");
    }
    List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (!codings.isEmpty() && !String.join(",", codings).trim().equalsIgnoreCase("chunked")) {
      return new HttpError(501, "the only transfer coding here is chunked");
    }
    if (cause != null) {
      return new HttpError(400, "this is not an HTTP/1.1 request");
    }
    int hosts = headers.getAll(HttpHeaderNames.HOST).size();
    if (hosts > 1 || (hosts == 0 && version.minorVersion() > 0)) {
      return new HttpError(400, "an HTTP/1.1 request has one Host header");
    }
    String expectation = headers.get(HttpHeaderNames.EXPECT);
    boolean known = expectation == null || expectation.trim().equalsIgnoreCase("100-continue");
    return known ? null : new HttpError(417, "the only expectation here is 100-continue");
  }

  /** The key of a sealed id in the body of its set. White space around it is not kept. */
  private static final class KeyBody {
    /** A key, and a byte more to tell what is longer. */
    private static final int MOST = 128 + 1;

    private final byte[] key = new byte[MOST];
    private int length;
    private boolean ended;
    private boolean broken;

    void add(ByteBuf piece) {
      for (int i = piece.readerIndex(); i < piece.writerIndex() && !broken; i++) {
        byte next = piece.getByte(i);
        if (next >= 0 && next <= ' ') {
          ended = length > 0;
        } else if (ended || length == MOST) {
          broken = true;
        } else {
          key[length++] = next;
        }
      }
    }

    /** One character for each byte; what can't be a key is none. */
    String key() {
      return broken ? "" : new String(key, 0, length, ISO_8859_1);
    }
  }
}
