package doorbell.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import doorbell.event.EventId;
import doorbell.wait.EventName;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A response of the node, in any version of HTTP. */
public final class Response {
  private static final String JAVASCRIPT = "text/javascript; charset=utf-8";
  private static final String JSON = "application/json";
  private static final String PROBLEM = "application/problem+json";
  private static final String EVENT_STREAM = "text/event-stream";
  private static final String HTML = "text/html; charset=utf-8";

  /** The largest integer that a JavaScript literal holds exactly: 2^53-1 (ECMA-262, 21.1.2.6). */
  private static final long MAX_SAFE_INTEGER = (1L << 53) - 1;

  private static final Head SET_JAVASCRIPT = new Head(200, JAVASCRIPT);
  private static final Head SET_JSON = new Head(200, JSON);
  private static final String CONTENT_POLICY = "Content-Security-Policy";
  private static final String[] POLICY = {
    CONTENT_POLICY, "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
  };

  /** The head of an event stream; proxies must neither hold back nor compress the stream. */
  public static final Head EVENTS = new Head(200, EVENT_STREAM, "X-Accel-Buffering", "no");

  /** 204: the event was not set in time, or no event is left to tell of. */
  static final Response NOT_SET = new Response(new Head(204, null), null, false);

  /** 201: this request set the event. */
  static final Response FIRST = new Response(new Head(201, null), new byte[0], false);

  /** 200: the event was set already. */
  static final Response ALREADY = new Response(new Head(200, null), new byte[0], false);

  private static final Response OPTIONS = options(Request.METHODS);
  private static final Response FILE_OPTIONS = options(Request.FILE_METHODS);

  /** The statuses of all errors. */
  public static final List<Integer> ERRORS =
      List.of(400, 401, 403, 404, 405, 408, 413, 414, 417, 426, 429, 431, 501, 503, 505);

  private static final Map<Integer, Head> PROBLEMS = new HashMap<>();

  static {
    for (int status : ERRORS) {
      PROBLEMS.put(status, new Head(status, PROBLEM));
    }
  }

  /** Each file is loaded at its first request, so that a start doesn't wait for it. */
  private static final class LandingPage {
    static final Response FILE = page("index.html");
  }

  private static final class LandingText {
    static final Response FILE =
        new Response(new Head(200, "text/plain; charset=utf-8"), resource("index.txt"), false);
  }

  private static final class Doctor {
    static final Response FILE = page("doctor.html");
  }

  private static final class Script {
    static final Response FILE = new Response(SET_JAVASCRIPT, resource("doorbell.js"), false);
  }

  /** Status and header fields. */
  public final Head head;

  /** Bytes of the body; null for a response without a body. */
  public final byte @Nullable [] body;

  /** True if only the head is sent, with the length of the body. */
  public final boolean headOnly;

  public Response(Head head, byte @Nullable [] body, boolean headOnly) {
    this.head = head;
    this.body = body;
    this.headOnly = headOnly;
  }

  /** Status and header fields of a response, without date, length and connection. */
  public static final class Head {
    private static final String[] COMMON = {
      "Access-Control-Allow-Origin", "*",
      "Cross-Origin-Resource-Policy", "cross-origin"
    };

    public final int status;

    /** Header names, in lower case, and values in turn. */
    public final List<String> fields;

    /** The first lines of the response in HTTP/1.1. */
    public final byte[] http1;

    public Head(int status, @Nullable String type, String... more) {
      this.status = status;
      boolean events = EVENT_STREAM.equals(type);
      List<String> all = new ArrayList<>(List.of(COMMON));
      all.addAll(List.of("Cache-Control", events ? "no-store, no-transform" : "no-store"));
      if (type != null) {
        all.addAll(List.of("X-Content-Type-Options", "nosniff", "Content-Type", type));
      }
      all.addAll(List.of(more));
      this.http1 = lines(status, all).getBytes(US_ASCII);
      for (int i = 0; i < all.size(); i += 2) {
        all.set(i, all.get(i).toLowerCase(Locale.ROOT));
      }
      this.fields = List.copyOf(all);
    }

    private static String lines(int status, List<String> fields) {
      StringBuilder lines = new StringBuilder("HTTP/1.1 ").append(status).append(' ');
      lines.append(HttpResponseStatus.valueOf(status).reasonPhrase()).append("\r\n");
      for (int i = 0; i < fields.size(); i += 2) {
        lines.append(fields.get(i)).append(": ").append(fields.get(i + 1)).append("\r\n");
      }
      return lines.toString();
    }
  }

  /** 200: the events of {@code set} are set. */
  static Response set(Request.Form form, List<EventName> set) {
    boolean json = form.type() == Accept.JSON;
    String body = json ? json(set) : calls(form.callback(), set);
    return new Response(json ? SET_JSON : SET_JAVASCRIPT, body.getBytes(US_ASCII), form.head());
  }

  private static String json(List<EventName> set) {
    return set.stream()
        .map(EventName::text)
        .collect(Collectors.joining("\",\"", "{\"set\":[\"", "\"]}\n"));
  }

  private static String calls(String callback, List<EventName> set) {
    StringBuilder calls = new StringBuilder();
    for (EventName event : set) {
      calls.append(callback).append('(').append(literal(event)).append(");\n");
    }
    return calls.toString();
  }

  /** A bare number where JavaScript reads the id exactly, else a string. */
  private static String literal(EventName event) {
    String text = event.text();
    boolean exact =
        event.id() instanceof EventId.Plain number
            && number.high() == 0
            && number.low() >= 0
            && number.low() <= MAX_SAFE_INTEGER
            && event.spelling() == null;
    return exact ? text : '"' + text + '"';
  }

  /** 200: the counts of a bulk set, for events set by this request and events set already. */
  static Response stored(int set, int already) {
    String body = "{\"set\":" + set + ",\"already\":" + already + "}\n";
    return new Response(SET_JSON, body.getBytes(US_ASCII), false);
  }

  /** The response to a request without ids to wait for or set: a file, options, or 204. */
  static Response file(Request request) {
    Response file =
        switch (request.what()) {
          case LANDING_PAGE -> LandingPage.FILE;
          case LANDING_TEXT -> LandingText.FILE;
          case SCRIPT -> Script.FILE;
          case DOCTOR -> Doctor.FILE;
          case FILE_OPTIONS -> FILE_OPTIONS;
          case ALL_TOLD -> NOT_SET;
          default -> OPTIONS;
        };
    return request.form().head() ? new Response(file.head, file.body, true) : file;
  }

  /** A page that may run and load what stands in the page, and ask this node alone. */
  private static Response page(String name) {
    byte[] body = resource(name);
    String page = new String(body, UTF_8);
    String policy =
        "default-src 'none'; script-src 'self' %s; style-src %s; connect-src 'self'; img-src data:;"
            .formatted(hash(page, "script"), hash(page, "style"));
    String nowhere = " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    Head head = new Head(200, HTML, CONTENT_POLICY, policy + nowhere);
    return new Response(head, body, false);
  }

  /** The first such element of a page, as a policy allows the element (CSP 3, 2.3.1). */
  private static String hash(String page, String element) {
    int from = page.indexOf("<" + element + ">") + element.length() + 2;
    byte[] text = page.substring(from, page.indexOf("</" + element + ">", from)).getBytes(UTF_8);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text);
      return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** An error response, as in RFC 9457 or as a page. */
  public static Response problem(HttpError refused, boolean headOnly) {
    if (refused.asPage) {
      return errorPage(refused, headOnly);
    }
    Head head =
        refused.fields.length == 0
            ? Objects.requireNonNull(PROBLEMS.get(refused.status))
            : new Head(refused.status, PROBLEM, refused.fields);
    String title = HttpResponseStatus.valueOf(refused.status).reasonPhrase();
    String sentence = refused.sentence().replace("\\", "\\\\").replace("\"", "\\\"");
    byte[] body =
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%s,\"detail\":\"%s\"}\n"
            .formatted(title, refused.status, sentence)
            .getBytes(UTF_8);
    return new Response(head, body, headOnly);
  }

  private static Response errorPage(HttpError refused, boolean headOnly) {
    String[] fields = Stream.of(POLICY, refused.fields).flatMap(Stream::of).toArray(String[]::new);
    String title = HttpResponseStatus.valueOf(refused.status).reasonPhrase();
    String sentence =
        refused.sentence().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    String page =
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%1$s</title>
        <link rel="icon" href="data:,">
        <style>
          :root { color-scheme: light dark }
          body { font: 17px/1.55 system-ui, sans-serif; max-width: 42em;
            margin: 3em auto; padding: 0 1em }
        </style>
        <h1>%1$s</h1>
        <p>%2$s</p>
        """
            .formatted(title, sentence);
    return new Response(new Head(refused.status, HTML, fields), page.getBytes(UTF_8), headOnly);
  }

  private static Response options(String methods) {
    Head head =
        new Head(
            204,
            null,
            "Allow",
            methods,
            "Access-Control-Allow-Methods",
            methods,
            "Access-Control-Allow-Headers",
            "*",
            "Access-Control-Max-Age",
            "86400");
    return new Response(head, null, false);
  }

  private static byte[] resource(String name) {
    try (InputStream in = Response.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name + " is missing from the jar").readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
