package doorbell.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import doorbell.access.Access;
import doorbell.access.AccessException;
import doorbell.access.Credential;
import doorbell.access.Setter;
import doorbell.event.EventId;
import doorbell.http.forwarded.Forwarded;
import doorbell.io.Budget;
import doorbell.io.Endpoint;
import doorbell.io.proxy.TrustedProxies;
import doorbell.wait.EventName;
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
 * The reader of a request, which is carried out only once whole. A refusal is kept for the
 * response; the body of a refused request need not be read: see {@link #hopeless}.
 */
public final class RequestReader {
  public final boolean head;

  /** True if the connection may go on after the response. */
  public final boolean stays;

  public final boolean expectsContinue;

  /** True for a request of HTTP/1.0. */
  public final boolean old;

  /** The key that a request for WebSocket is answered with; null if none came. */
  public final @Nullable String webSocketKey;

  /** The token that came, where a set needs one; null if none came. */
  public final @Nullable Credential credential;

  /** The endpoint as the client's, by the address that quotas count. */
  public final Endpoint client;

  private final boolean hasBody;
  private @Nullable Request request;
  private @Nullable HttpError refused;

  /** The name that a set is done by; null if none is needed. */
  private @Nullable Setter setter;

  private @Nullable BulkSetBody bulk;
  private @Nullable KeyBody key;
  private int bodyBytes;

  /** Bytes counted in the budget while the request is unfinished. */
  private long held;

  private final Budget budget;
  private final @Nullable Access access;

  public RequestReader(HttpRequest http, HttpLoop loop, Endpoint endpoint) {
    budget = loop.io.budget;
    access = loop.access;
    credential =
        access != null && access.needsToken()
            ? Credential.of(http.headers().getAll(HttpHeaderNames.AUTHORIZATION))
            : null;
    client = client(http.headers(), loop, endpoint);
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
      if (access != null) {
        check(request, access);
      }
      checkLength(length);
    } catch (HttpError e) {
      refused = e.inFormFor(http.headers().getAll(HttpHeaderNames.ACCEPT));
    }
  }

  /** Refuses who may not set before the body has come. */
  private void check(Request checked, Access rules) throws HttpError {
    boolean isSet = checked.isSet();
    try {
      setter = isSet ? rules.setter(credential) : null;
      for (EventName event : checked.events()) {
        if (isSet) {
          rules.checkSet(event.id());
        } else {
          rules.checkId(event.id());
        }
      }
    } catch (AccessException e) {
      throw HttpError.of(e);
    }
  }

  /**
   * No header field is looked at unless proxies are trusted, and addresses are counted; or may be,
   * while a WebSocket is open.
   */
  private static Endpoint client(HttpHeaders headers, HttpLoop loop, Endpoint endpoint) {
    TrustedProxies trusted = loop.options.trustedProxies();
    boolean isCounted =
        loop.waits.quota.isByAddress() || headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY);
    return trusted == null || !isCounted
        ? endpoint
        : new Forwarded(trusted).client(endpoint, headers);
  }

  /** The checked request; throws the refusal if there is one. */
  public Request request() throws HttpError {
    if (refused != null || request == null) {
      throw refused != null ? refused : new HttpError(400, "the request can't be read");
    }
    return request;
  }

  public boolean isRefused() {
    return refused != null;
  }

  /** The refusal that makes reading the body useless; null if there is none. */
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
      bulk = bulk == null ? new BulkSetBody(budget, access) : bulk;
      bulk.add(piece);
    } else {
      key = key == null ? new KeyBody() : key;
      key.add(piece);
    }
  }

  /** Takes a piece of a body that may be malformed; true if the piece is the last. */
  public boolean add(HttpContent piece) {
    if (piece.decoderResult().isFailure()) {
      refused = new HttpError(400, "the body's chunks can't be read");
    } else {
      add(piece.content());
    }
    return piece instanceof LastHttpContent;
  }

  /** Counts the unfinished request until {@link #release}; false if the budget has no room. */
  public boolean mayWait() {
    if (held == 0) {
      int ids = request == null ? 0 : request.events().size();
      held = Memory.REQUEST + (long) Memory.ID * ids;
      budget.count(held);
    }
    return !budget.isSpentFor(held);
  }

  /** The ids of a set, with keys checked. */
  List<EventId> ids() throws HttpError {
    Request whose = request();
    if (whose.what() == Request.What.SET_MANY) {
      return (bulk == null ? new BulkSetBody(budget, access) : bulk).end();
    }
    EventId id = whose.events().get(0).id();
    if (id instanceof EventId.Sealed sealed && !sealed.isOpenedBy(key == null ? "" : key.key())) {
      throw new HttpError(403, "the id is sealed, and the body is not its key");
    }
    return List.of(id);
  }

  /** The name that the set is done by; null if none is needed. */
  @Nullable Setter setter() {
    return setter;
  }

  /** Gives all counted bytes back: the request is over or carried out. */
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

  /**
   * An error that ends the connection, since the end or the host of the request is unclear; or
   * null.
   */
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
    if (cause instanceof HttpError known) {
      return known;
    }
    List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
    if (!codings.isEmpty() && !String.join(",", codings).equalsIgnoreCase("chunked")) {
      return new HttpError(501, "the only transfer coding here is chunked");
    }
    if (cause != null) {
      return new HttpError(400, "this is not an HTTP/1.1 request");
    }
    List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
    if (hosts.size() > 1 || (hosts.isEmpty() && version.minorVersion() > 0)) {
      return new HttpError(400, "an HTTP/1.1 request has one Host header");
    }
    if (!hosts.isEmpty() && !Target.isAuthority(hosts.get(0))) {
      return new HttpError(400, "the host is a name or an address, with a port if need be");
    }
    String expectation = headers.get(HttpHeaderNames.EXPECT);
    boolean known = expectation == null || expectation.trim().equalsIgnoreCase("100-continue");
    return known ? null : new HttpError(417, "the only expectation here is 100-continue");
  }

  /** The key of a sealed id, in the body of a set. White space around the key is dropped. */
  private static final class KeyBody {
    /** The longest key, and a byte more to notice a longer key. */
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

    /** The key, with a character for each byte; empty if malformed. */
    String key() {
      return broken ? "" : new String(key, 0, length, ISO_8859_1);
    }
  }
}
