package doorbell.http;

import doorbell.event.EventId;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a request asks for, checked. It holds nothing of the bytes that it came in.
 *
 * @param what the page or the deed
 * @param head whether only the head of the answer is wanted
 * @param events the events that a wait or a set names; empty for everything else
 * @param callback the function that a JavaScript answer calls
 * @param form the form of a wait's answer
 * @param millis how long to hold a wait, or to spread a wake; -1 for a wait without end
 */
record Request(
    What what, boolean head, List<Event> events, String callback, Accept form, long millis) {
  static final long FOREVER = -1;
  static final String METHODS = "GET, HEAD, POST, OPTIONS";
  static final String SCRIPT_METHODS = "GET, HEAD, OPTIONS";
  private static final String SCRIPT = "doorbell.js";
  private static final String DEFAULT_CALLBACK = "doorbell";
  private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$.]{0,63}");
  private static final Pattern SECONDS = Pattern.compile("[0-9]+(\\.[0-9]+)?");

  enum What {
    LANDING_PAGE,
    SCRIPT,
    OPTIONS,
    SCRIPT_OPTIONS,
    WAIT,
    SET,
    SET_MANY,
    WEB_SOCKET
  }

  /** An event, and the text that it was asked by, which the answer repeats. */
  record Event(EventId id, String text) {
    static Event parse(String text) throws Refused {
      try {
        return new Event(EventId.parse(text), text);
      } catch (IllegalArgumentException e) {
        throw new Refused(400, String.valueOf(e.getMessage()));
      }
    }
  }

  /** Checks the head of a request; {@code basePath} is the other root, or empty. */
  static Request of(HttpRequest request, String basePath) throws Refused {
    Target target = Target.parse(request.uri(), basePath);
    HttpMethod method = request.method();
    boolean script = target.segment().equals(SCRIPT);
    if (method.equals(HttpMethod.OPTIONS)) {
      return page(script ? What.SCRIPT_OPTIONS : What.OPTIONS, false);
    }
    boolean get = method.equals(HttpMethod.GET);
    if (get && target.segment().isEmpty() && WebSocketRequest.is(request)) {
      return page(What.WEB_SOCKET, false);
    }
    if (get || method.equals(HttpMethod.HEAD)) {
      return get(target, request.headers(), !get);
    }
    if (method.equals(HttpMethod.POST) && !script) {
      return set(target);
    }
    throw Refused.method(script ? SCRIPT_METHODS : METHODS);
  }

  /** How many bytes of body this request may have. */
  int bodyLimit() {
    return what == What.SET_MANY ? Limits.BULK_BODY : Limits.BODY;
  }

  /** Whether the body says something: it is ignored otherwise. */
  boolean needsBody() {
    return what == What.SET_MANY
        || (what == What.SET && events.get(0).id() instanceof EventId.Sealed);
  }

  /** Whether a wait is only to ask. */
  boolean onlyAsks() {
    return head || millis == 0;
  }

  private static Request page(What what, boolean head) {
    return new Request(what, head, List.of(), DEFAULT_CALLBACK, Accept.JAVASCRIPT, 0);
  }

  private static Request get(Target target, HttpHeaders headers, boolean head) throws Refused {
    return switch (target.segment()) {
      case "" -> page(What.LANDING_PAGE, head);
      case SCRIPT -> page(What.SCRIPT, head);
      default ->
          new Request(
              What.WAIT,
              head,
              events(target.segment()),
              callback(target),
              Accept.of(headers.getAll(HttpHeaderNames.ACCEPT)),
              hold(target, headers));
    };
  }

  private static List<Event> events(String list) throws Refused {
    List<Event> events = new ArrayList<>(1);
    for (int from = 0; from <= list.length(); ) {
      int comma = list.indexOf(',', from);
      int end = comma < 0 ? list.length() : comma;
      if (events.size() == Limits.IDS_PER_WAIT) {
        throw new Refused(400, "a wait names at most " + Limits.IDS_PER_WAIT + " ids");
      }
      events.add(Event.parse(list.substring(from, end)));
      from = end + 1;
    }
    return List.copyOf(events);
  }

  private static String callback(Target target) throws Refused {
    String callback = target.parameter("callback");
    if (callback != null && !CALLBACK.matcher(callback).matches()) {
      throw new Refused(
          400,
          "callback is a name of 1 to 64 of A-Z a-z 0-9 _ $ . that starts with no digit or dot");
    }
    return callback == null ? DEFAULT_CALLBACK : callback;
  }

  private static long hold(Target target, HttpHeaders headers) throws Refused {
    String seconds = target.parameter("timeout");
    if (seconds != null) {
      return millis("timeout", seconds);
    }
    for (String header : headers.getAll("Prefer")) {
      for (String preference : header.split(",", -1)) {
        String[] nameAndValue = preference.split(";", 2)[0].split("=", 2);
        if (nameAndValue[0].trim().equalsIgnoreCase("wait")) {
          return millis("wait", nameAndValue.length == 1 ? "" : unquoted(nameAndValue[1].trim()));
        }
      }
    }
    return FOREVER;
  }

  private static String unquoted(String value) {
    boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  private static Request set(Target target) throws Refused {
    String spread = target.parameter("spread");
    long millis = spread == null ? 0 : millis("spread", spread);
    if (millis > Limits.SPREAD_SECONDS * 1_000L) {
      throw new Refused(400, "spread is at most " + Limits.SPREAD_SECONDS + " seconds");
    }
    String text = target.segment();
    if (text.indexOf(',') >= 0) {
      throw new Refused(400, "a set names one id; to set many, POST / with a line for each");
    }
    List<Event> events = text.isEmpty() ? List.of() : List.of(Event.parse(text));
    What what = text.isEmpty() ? What.SET_MANY : What.SET;
    return new Request(what, false, events, DEFAULT_CALLBACK, Accept.JAVASCRIPT, millis);
  }

  /** Seconds as they stand in a query, to milliseconds; rounded up, so that 0 alone is 0. */
  private static long millis(String name, String seconds) throws Refused {
    if (seconds.length() > Limits.SECONDS_TEXT || !SECONDS.matcher(seconds).matches()) {
      throw new Refused(400, name + " is seconds, written plainly: 25 or 0.5");
    }
    return (long) Math.ceil(Double.parseDouble(seconds) * 1_000);
  }
}
