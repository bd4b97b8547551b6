package counter;

import static com.google.appengine.api.urlfetch.FetchOptions.Builder.doNotFollowRedirects;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Sets events at a Doorbell node by URL Fetch. Immutable and thread-safe. */
final class Bell {
  /** A click waits for its set no longer than this: pages look again without it. */
  static final double PATIENCE_SECONDS = 0.5;

  /** Where the first fails at once, by a broken connection or a 503, a second costs nobody time. */
  private static final int TRIES = 2;

  private static final Logger LOG = Logger.getLogger(Bell.class.getName());

  private final URL node;

  /**
   * The node at that URL.
   *
   * @throws IllegalArgumentException where it is no http or https URL, in a sentence for whoever
   *     configures the application
   */
  Bell(String url) {
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

  /** Where to wait for an event: the value of the header {@code Doorbell-Wait}. */
  String header(String event) {
    return node + event;
  }

  /** Sets events, all with one request. False where that failed: never an exception, never late. */
  boolean set(List<String> events) {
    long end = System.nanoTime() + (long) (PATIENCE_SECONDS * 1e9);
    boolean isSet = false;
    for (int tries = 0; tries < TRIES && !isSet; tries++) {
      double left = (end - System.nanoTime()) / 1e9;
      isSet = left > 0 && setOnce(events, left);
    }
    return isSet;
  }

  private boolean setOnce(List<String> events, double seconds) {
    HTTPRequest set =
        new HTTPRequest(node, HTTPMethod.POST, doNotFollowRedirects().setDeadline(seconds));
    set.setPayload(String.join("\n", events).getBytes(US_ASCII));
    try {
      Future<HTTPResponse> fetch = URLFetchServiceFactory.getURLFetchService().fetchAsync(set);
      HTTPResponse answer = inTime(fetch, seconds);
      byte[] content = answer.getContent();
      String said = content == null ? "" : new String(content, UTF_8);
      if (answer.getResponseCode() == 200 && said.startsWith("{\"set\":")) {
        return true;
      }
      LOG.warning(() -> node + " answered " + answer.getResponseCode() + ": " + start(said));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | RuntimeException e) { // a quota, for one
      LOG.log(Level.WARNING, e, () -> node + " did not answer in time.");
    }
    return false;
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
