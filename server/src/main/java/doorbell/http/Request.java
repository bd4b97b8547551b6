package doorbell.http;

import doorbell.event.EventId;
import doorbell.wait.EventName;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * A checked request. Holds nothing of the bytes that the request came in.
 *
 * @param what the page or the action
 * @param events the events of a wait or a set; empty for everything else
 * @param form the form of the response
 * @param millis the hold of a wait, or the spread of a wake; {@link #FOREVER} if no time was named
 * @param told ids that an event stream must not tell of again, with commas; or empty
 */
public record Request(What what, List<EventName> events, Form form, long millis, String told) {
  private static final long FOREVER = Long.MAX_VALUE;
  static final String METHODS = "GET, HEAD, POST, OPTIONS";
  static final String FILE_METHODS = "GET, HEAD, OPTIONS";
  private static final AsciiString LAST_EVENT_ID = AsciiString.cached("last-event-id");
  private static final AsciiString PREFER = AsciiString.cached("prefer");
  private static final String SCRIPT = "doorbell.js";
  private static final String DOCTOR = "doctor";
  private static final Pattern CALLBACK = Pattern.compile("[A-Za-z_$][A-Za-z0-9_$.]{0,63}");
  private static final Pattern SECONDS = Pattern.compile("[0-9]+(\\.[0-9]+)?");

  public enum What {
    LANDING_PAGE,
    LANDING_TEXT,
    SCRIPT,
    DOCTOR,
    OPTIONS,
    FILE_OPTIONS,
    WAIT,
    ALL_TOLD,
    SET,
    SET_MANY,
    WEB_SOCKET
  }

  /**
   * The form of a response.
   *
   * @param type the type of a wait's response
   * @param callback the function that a response in JavaScript calls
   * @param head true if only the head is wanted
   */
  record Form(Accept type, String callback, boolean head) {
    private static final String USUAL_CALLBACK = "doorbell";
    private static final Form USUAL = new Form(Accept.JAVASCRIPT, USUAL_CALLBACK, false);
    private static final Form USUAL_JSON = new Form(Accept.JSON, USUAL_CALLBACK, false);

    /** The form of a response; waits with a usual form share the record. */
    static Form of(Accept type, String callback, boolean head) {
      // A record's own equals is linked at the first call, which takes longer than to answer.
      boolean usual = type != Accept.EVENTS && !head && callback.equals(USUAL_CALLBACK);
      Form shared = type == Accept.JSON ? USUAL_JSON : USUAL;
      return usual ? shared : new Form(type, callback, head);
    }
  }

  /** Checks the head of a request; {@code basePath} is a further root, or empty. */
  static Request of(HttpRequest request, String basePath) throws HttpError {
    Target target = Target.parse(request.uri(), basePath);
    HttpMethod method = request.method();
    boolean file = target.segment().equals(SCRIPT) || target.segment().equals(DOCTOR);
    if (method.equals(HttpMethod.OPTIONS)) {
      return page(file ? What.FILE_OPTIONS : What.OPTIONS, false);
    }
    boolean get = method.equals(HttpMethod.GET);
    if (get && target.segment().isEmpty() && Upgrade.isWanted(request)) {
      return page(What.WEB_SOCKET, false);
    }
    if (get || method.equals(HttpMethod.HEAD)) {
      return get(target, request.headers(), !get);
    }
    if (method.equals(HttpMethod.POST) && !file) {
      return set(target);
    }
    throw HttpError.method(file ? FILE_METHODS : METHODS);
  }

  /** The most bytes of body that this request may have. */
  int bodyLimit() {
    return what == What.SET_MANY ? HttpLimits.BULK_BODY : HttpLimits.BODY;
  }

  /** True for a set of one event or of many. */
  boolean isSet() {
    return what == What.SET || what == What.SET_MANY;
  }

  /** True if the body matters; any other body is ignored. */
  boolean needsBody() {
    return what == What.SET_MANY
        || (what == What.SET && events.get(0).id() instanceof EventId.Sealed);
  }

  /** True if a wait only asks, without a hold. */
  boolean onlyAsks() {
    return form.head || millis == 0;
  }

  private static Request page(What what, boolean head) {
    return new Request(
        what, List.of(), new Form(Accept.JAVASCRIPT, Form.USUAL_CALLBACK, head), 0, "");
  }

  private static Request get(Target target, HttpHeaders headers, boolean head) throws HttpError {
    List<String> accept = headers.getAll(HttpHeaderNames.ACCEPT);
    return switch (target.segment()) {
      case "" -> page(Accept.prefersPage(accept) ? What.LANDING_PAGE : What.LANDING_TEXT, head);
      case SCRIPT -> page(What.SCRIPT, head);
      case DOCTOR -> page(What.DOCTOR, head);
      default -> {
        List<EventName> events = events(target.segment());
        String callback = callback(target);
        Accept type = Accept.of(accept);
        Form form = Form.of(type, callback, head);
        Request wait = new Request(What.WAIT, events, form, hold(target, headers), "");
        yield type == Accept.EVENTS ? wait.withoutTold(headers.get(LAST_EVENT_ID, "")) : wait;
      }
    };
  }

  /** The same request without the ids that {@code lastEventId} lists as told: P78. */
  private Request withoutTold(String lastEventId) {
    if (lastEventId.isEmpty()) {
      return this;
    }
    Set<EventId> before = ids(lastEventId);
    StringJoiner told = new StringJoiner(",");
    List<EventName> left = new ArrayList<>();
    for (EventName event : events) {
      if (before.contains(event.id())) {
        told.add(event.text());
      } else {
        left.add(event);
      }
    }
    return left.isEmpty()
        ? page(What.ALL_TOLD, form.head())
        : new Request(what, List.copyOf(left), form, millis, told.toString());
  }

  private static Set<EventId> ids(String list) {
    Set<EventId> ids = new HashSet<>();
    for (String text : list.split(",", HttpLimits.IDS_PER_WAIT + 1)) {
      try {
        ids.add(EventId.parse(text.trim()));
      } catch (IllegalArgumentException e) {
        return ids; // No node wrote such a list.
      }
    }
    return ids;
  }

  /** The event that {@code text} names; 400 if the text is no id. */
  public static EventName event(String text) throws HttpError {
    try {
      return EventName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new HttpError(400, String.valueOf(e.getMessage()));
    }
  }

  private static List<EventName> events(String list) throws HttpError {
    if (list.indexOf(',') < 0) {
      return List.of(event(list));
    }
    List<EventName> events = new ArrayList<>();
    for (int from = 0; from <= list.length(); ) {
      int comma = list.indexOf(',', from);
      int end = comma < 0 ? list.length() : comma;
      if (events.size() == HttpLimits.IDS_PER_WAIT) {
        throw new HttpError(400, "a wait names at most " + HttpLimits.IDS_PER_WAIT + " ids");
      }
      events.add(event(list.substring(from, end)));
      from = end + 1;
    }
    return List.copyOf(events);
  }

  private static String callback(Target target) throws HttpError {
    String callback = target.parameter("callback");
    if (callback != null && !CALLBACK.matcher(callback).matches()) {
      throw new HttpError(
          400,
          "callback is a name of 1 to 64 of A-Z a-z 0-9 _ $ . that starts with no digit or dot");
    }
    return callback == null ? Form.USUAL_CALLBACK : callback;
  }

  private static long hold(Target target, HttpHeaders headers) throws HttpError {
    String seconds = target.parameter("timeout");
    if (seconds != null) {
      return millis("timeout", seconds);
    }
    for (String header : headers.getAll(PREFER)) {
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

  private static Request set(Target target) throws HttpError {
    String spread = target.parameter("spread");
    long millis = spread == null ? 0 : millis("spread", spread);
    if (millis > HttpLimits.SPREAD_SECONDS * 1_000L) {
      throw new HttpError(400, "spread is at most " + HttpLimits.SPREAD_SECONDS + " seconds");
    }
    String text = target.segment();
    if (text.indexOf(',') >= 0) {
      throw new HttpError(400, "a set names one id; to set many, POST / with a line for each");
    }
    List<EventName> events = text.isEmpty() ? List.of() : List.of(event(text));
    What what = text.isEmpty() ? What.SET_MANY : What.SET;
    return new Request(what, events, Form.USUAL, millis, "");
  }

  /** Milliseconds from seconds in a query or a header; rounded up, so that only 0 gives 0. */
  private static long millis(String name, String seconds) throws HttpError {
    if (seconds.length() > HttpLimits.SECONDS_TEXT || !SECONDS.matcher(seconds).matches()) {
      throw new HttpError(400, name + " is seconds, written plainly: 25 or 0.5");
    }
    return (long) Math.ceil(Double.parseDouble(seconds) * 1_000);
  }
}
