package counter;

import static com.google.appengine.api.urlfetch.FetchOptions.Builder.doNotFollowRedirects;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.appengine.api.urlfetch.HTTPHeader;
import com.google.appengine.api.urlfetch.HTTPMethod;
import com.google.appengine.api.urlfetch.HTTPRequest;
import com.google.appengine.api.urlfetch.HTTPResponse;
import com.google.appengine.api.urlfetch.URLFetchServiceFactory;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Sets events at a Doorbell node by URL Fetch. Immutable and thread-safe. */
final class Bell {
  /** A click waits for its set no longer than this: pages look again without it. */
  static final double PATIENCE_SECONDS = 1;

  private static final double DONE = -1;
  private static final double NEVER = Double.POSITIVE_INFINITY;

  private static final Logger LOG = Logger.getLogger(Bell.class.getName());

  private final URL node;
  private final double patience;

  /**
   * The node at that URL.
   *
   * @throws IllegalArgumentException where it is no http or https URL, in a sentence for whoever
   *     configures the application
   */
  Bell(String url) {
    this(url, PATIENCE_SECONDS);
  }

  Bell(String url, double patience) {
    this.patience = patience;
    try {
      URI uri = new URI(String.valueOf(url).replaceFirst("/+$", ""));
      boolean isHttp = String.valueOf(uri.getScheme()).matches("https?") && uri.getHost() != null;
      if (!isHttp || uri.getQuery() != null || uri.getFragment() != null) {
        throw new URISyntaxException(uri.toString(), "no http or https URL without a query");
      }
      node = new URI(uri + "/").toURL();
    } catch (URISyntaxException | MalformedURLException e) {
      throw new IllegalArgumentException(
          "doorbell.url in appengine-web.xml is where Doorbell answers, like"
              + " https://bell.example, not \""
              + url
              + "\".",
          e);
    }
  }

  /**
   * Where to wait for an event: the value of the header {@code Doorbell-Wait}.
   *
   * @throws IllegalArgumentException for what is no event
   */
  String header(String event) {
    return node + checked(event);
  }

  /**
   * Sets events, all with one request. False where that failed: never late.
   *
   * @throws IllegalArgumentException for what is no event
   */
  boolean set(List<String> events) {
    events.forEach(Bell::checked);
    long end = System.nanoTime() + (long) (patience * 1e9);
    for (int tries = 1; ; tries++) {
      double left = (end - System.nanoTime()) / 1e9;
      double pause = setOnce(events, left);
      if (pause == DONE) {
        return true;
      }
      // A crowd that is sent away comes back over the same time again, and others in full disorder.
      double most = Math.min(patience / 5, Math.pow(2, tries - 1));
      double ordinary = ThreadLocalRandom.current().nextDouble() * most;
      pause = Math.max(ordinary, pause * (1 + ThreadLocalRandom.current().nextDouble()));
      if (System.nanoTime() + pause * 1e9 >= end || !slept(pause)) {
        return false;
      }
    }
  }

  /**
   * Seconds to wait at least before another try; DONE where none is needed, NEVER where in vain.
   */
  private double setOnce(List<String> events, double seconds) {
    HTTPRequest set =
        new HTTPRequest(node, HTTPMethod.POST, doNotFollowRedirects().setDeadline(seconds));
    set.setPayload(String.join("\n", events).getBytes(US_ASCII));
    set.addHeader(new HTTPHeader("Accept-Encoding", "identity"));
    try {
      Future<HTTPResponse> fetch = URLFetchServiceFactory.getURLFetchService().fetchAsync(set);
      HTTPResponse answer = inTime(fetch, seconds);
      byte[] content = answer.getContent();
      String said = content == null ? "" : new String(content, UTF_8);
      int status = answer.getResponseCode();
      if (status == 200 && said.startsWith("{\"set\":")) {
        return DONE;
      }
      LOG.warning(() -> node + " answered " + status + ": " + start(said));
      return status >= 500 || status == 408 || status == 429 ? retryAfter(answer) : NEVER;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NEVER;
    } catch (ExecutionException | TimeoutException | RuntimeException e) { // a quota, for one
      LOG.log(Level.WARNING, e, () -> node + " did not answer in time.");
      return 0;
    }
  }

  /** In seconds, or as a date; nothing else is worth a wait. */
  private static double retryAfter(HTTPResponse answer) {
    for (HTTPHeader field : answer.getHeadersUncombined()) {
      if (field.getName().equalsIgnoreCase("Retry-After")) {
        try {
          return Double.parseDouble(field.getValue());
        } catch (NumberFormatException date) {
          return NEVER; // in whole seconds, which a click hasn't
        }
      }
    }
    return 0;
  }

  /** An event as {@link State#newEvent} makes it: the Datastore's null would be a URL, too. */
  private static String checked(String event) {
    if (event == null || !event.matches("[0-9]{1,39}")) {
      throw new IllegalArgumentException(
          event + " is no event: has the counter's entity none? It is a decimal number.");
    }
    return event;
  }

  private static boolean slept(double seconds) {
    try {
      Thread.sleep((long) (seconds * 1000));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** The development server's URL Fetch has no deadline of its own. */
  private static HTTPResponse inTime(Future<HTTPResponse> fetch, double seconds)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      return fetch.get((long) (seconds * 1000), TimeUnit.MILLISECONDS);
    } finally {
      fetch.cancel(true);
    }
  }

  /** What a stray server says may be a whole page. */
  private static String start(String text) {
    return text.substring(0, Math.min(200, text.length())).strip();
  }
}
