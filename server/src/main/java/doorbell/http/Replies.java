package doorbell.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.event.EventId;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Every answer of the node, its head built once. One for each event loop, used by it alone. */
final class Replies {
  private static final String COMMON =
      crlf(
          """
          Access-Control-Allow-Origin: *
          Cross-Origin-Resource-Policy: cross-origin
          Cache-Control: no-store
          """);

  private static final String JAVASCRIPT = "text/javascript; charset=utf-8";
  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";
  private static final String HTML = "text/html; charset=utf-8";

  private static final byte[] SET_JAVASCRIPT = head(200, JAVASCRIPT, "");
  private static final byte[] SET_JSON = head(200, JSON, "");
  private static final byte[] NOT_SET = head(204, null, "");
  private static final byte[] FIRST = head(201, null, "");
  private static final byte[] ALREADY = head(200, null, "");
  private static final byte[] OPTIONS = options(Request.METHODS);
  private static final byte[] SCRIPT_OPTIONS = options(Request.SCRIPT_METHODS);
  private static final byte[] PAGE =
      head(
          200,
          HTML,
          "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline';"
              + " img-src data:\r\n");
  private static final byte[] NO_BODY = {};
  private static final byte[] CLOSE = "Connection: close\r\n".getBytes(US_ASCII);
  private static final byte[] KEEP = "Connection: keep-alive\r\n".getBytes(US_ASCII);
  private static final byte[] LENGTH = "Content-Length: ".getBytes(US_ASCII);
  private static final byte[] CRLF = {'\r', '\n'};
  private static final String DAYS = "MonTueWedThuFriSatSun";
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
  private static final ByteBuf CONTINUE =
      Unpooled.unreleasableBuffer(
          Unpooled.directBuffer()
              .writeBytes("HTTP/1.1 100 Continue\r\n\r\n".getBytes(US_ASCII))
              .asReadOnly());

  /** The largest integer that a JavaScript literal holds exactly: 2^53-1 (ECMA-262, 21.1.2.6). */
  private static final long MAX_SAFE_INTEGER = (1L << 53) - 1;

  private static final Map<Integer, byte[]> PROBLEMS = new HashMap<>();

  static {
    for (int status : new int[] {400, 403, 404, 405, 408, 413, 414, 417, 429, 431, 501, 503, 505}) {
      PROBLEMS.put(status, head(status, PROBLEM, ""));
    }
  }

  /** Read when somebody asks for one: a start doesn't wait for them. */
  private static final class Pages {
    static final byte[] LANDING_PAGE = resource("index.html");
    static final byte[] SCRIPT = resource("doorbell.js");
  }

  /** What becomes of the connection after an answer. */
  enum After {
    /** It stays open, as it does by itself. */
    STAYS,
    /** It stays open, and an HTTP/1.0 client is told so. */
    STAYS_AS_ASKED,
    /** It is closed. */
    CLOSES
  }

  private final ByteBufAllocator allocator;
  private final InstantSource clock;
  private long dateSecond = Long.MIN_VALUE;
  private byte[] date = NO_BODY;

  Replies(ByteBufAllocator allocator, InstantSource clock) {
    this.allocator = allocator;
    this.clock = clock;
  }

  static ByteBuf goOn() {
    return CONTINUE.duplicate();
  }

  /** 200: the events of {@code set} are set. */
  ByteBuf set(Request request, List<Request.Event> set, After after) {
    byte[] head = request.json() ? SET_JSON : SET_JAVASCRIPT;
    String body = request.json() ? json(set) : calls(request.callback(), set);
    return reply(head, body.getBytes(US_ASCII), request.head(), after);
  }

  private static String json(List<Request.Event> set) {
    return set.stream()
        .map(Request.Event::text)
        .collect(Collectors.joining("\",\"", "{\"set\":[\"", "\"]}\n"));
  }

  private static String calls(String callback, List<Request.Event> set) {
    StringBuilder calls = new StringBuilder();
    for (Request.Event event : set) {
      calls.append(callback).append('(').append(literal(event)).append(");\n");
    }
    return calls.toString();
  }

  /** A bare number where JavaScript reads it exactly, else a string. */
  private static String literal(Request.Event event) {
    String text = event.text();
    boolean exact =
        event.id() instanceof EventId.Plain number
            && number.high() == 0
            && number.low() >= 0
            && number.low() <= MAX_SAFE_INTEGER
            && text.equals(Long.toString(number.low()));
    return exact ? text : '"' + text + '"';
  }

  /** 204: not set in time. */
  ByteBuf notSet(After after) {
    return reply(NOT_SET, null, false, after);
  }

  /** 201 for the one that set it, 200 for the others. */
  ByteBuf stored(boolean first, After after) {
    return reply(first ? FIRST : ALREADY, NO_BODY, false, after);
  }

  /** 200: how many of a bulk this call set, and how many were set already. */
  ByteBuf stored(int set, int already, After after) {
    String body = "{\"set\":" + set + ",\"already\":" + already + "}\n";
    return reply(SET_JSON, body.getBytes(US_ASCII), false, after);
  }

  /** The page or options that a request without ids asks for. */
  ByteBuf page(Request request, After after) {
    return switch (request.what()) {
      case LANDING_PAGE -> reply(PAGE, Pages.LANDING_PAGE, request.head(), after);
      case SCRIPT -> reply(SET_JAVASCRIPT, Pages.SCRIPT, request.head(), after);
      case SCRIPT_OPTIONS -> reply(SCRIPT_OPTIONS, null, false, after);
      default -> reply(OPTIONS, null, false, after);
    };
  }

  /** An error, as RFC 9457 writes it. */
  ByteBuf problem(Refused refused, boolean headOnly, After after) {
    byte[] head = Objects.requireNonNull(PROBLEMS.get(refused.status));
    String title = HttpResponseStatus.valueOf(refused.status).reasonPhrase();
    String sentence = refused.sentence().replace("\\", "\\\\").replace("\"", "\\\"");
    byte[] body =
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n"
            .formatted(title, refused.status, sentence)
            .getBytes(UTF_8);
    byte[] more = refused.header == null ? NO_BODY : refused.header.getBytes(US_ASCII);
    ByteBuf reply = start(head, more.length + body.length).writeBytes(more);
    return finish(reply, body, headOnly, after);
  }

  private ByteBuf reply(byte[] head, byte @Nullable [] body, boolean headOnly, After after) {
    return finish(start(head, body == null ? 0 : body.length), body, headOnly, after);
  }

  private ByteBuf start(byte[] head, int more) {
    long second = Math.floorDiv(clock.millis(), 1_000);
    if (second != dateSecond) {
      dateSecond = second;
      date = dateField(second);
    }
    return allocator
        .directBuffer(head.length + date.length + 64 + more)
        .writeBytes(head)
        .writeBytes(date);
  }

  private static ByteBuf finish(
      ByteBuf reply, byte @Nullable [] body, boolean headOnly, After after) {
    if (after == After.CLOSES) {
      reply.writeBytes(CLOSE);
    } else if (after == After.STAYS_AS_ASKED) {
      reply.writeBytes(KEEP);
    }
    if (body == null) {
      return reply.writeBytes(CRLF);
    }
    reply.writeBytes(LENGTH);
    reply.writeCharSequence(Integer.toString(body.length), US_ASCII);
    reply.writeBytes(CRLF).writeBytes(CRLF);
    return headOnly ? reply : reply.writeBytes(body);
  }

  /**
   * As RFC 9110 has it in 5.6.7. Formatters would look for the words in the locale's data first.
   */
  static byte[] dateField(long second) {
    LocalDateTime date = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
    StringBuilder field =
        new StringBuilder("Date: ").append(word(DAYS, date.getDayOfWeek().getValue()));
    twoDigits(field.append(", "), date.getDayOfMonth());
    field.append(' ').append(word(MONTHS, date.getMonthValue())).append(' ').append(date.getYear());
    twoDigits(field.append(' '), date.getHour());
    twoDigits(field.append(':'), date.getMinute());
    twoDigits(field.append(':'), date.getSecond());
    return field.append(" GMT\r\n").toString().getBytes(US_ASCII);
  }

  private static String word(String words, int which) {
    return words.substring(3 * which - 3, 3 * which);
  }

  private static void twoDigits(StringBuilder field, int number) {
    field.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }

  private static byte[] head(int status, @Nullable String type, String more) {
    String reason = HttpResponseStatus.valueOf(status).reasonPhrase();
    String body =
        type == null ? "" : "X-Content-Type-Options: nosniff\r\nContent-Type: " + type + "\r\n";
    return ("HTTP/1.1 " + status + ' ' + reason + "\r\n" + COMMON + body + more).getBytes(US_ASCII);
  }

  private static byte[] options(String methods) {
    String fields =
        """
        Allow: METHODS
        Access-Control-Allow-Methods: METHODS
        Access-Control-Allow-Headers: *
        Access-Control-Max-Age: 86400
        """;
    return head(204, null, crlf(fields.replace("METHODS", methods)));
  }

  private static String crlf(String lines) {
    return lines.replace("\n", "\r\n");
  }

  private static byte[] resource(String name) {
    try (InputStream in = Replies.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name + " is missing from the jar").readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
