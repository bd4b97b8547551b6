package counter;

import com.google.appengine.api.datastore.DatastoreFailureException;
import com.google.appengine.api.datastore.DatastoreTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.servlet.ServletException;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/**
 * {@code GET /count} answers {@code {"count":7}}, and in {@code Doorbell-Wait} the event that is
 * set when that is no longer true; {@code POST /count} adds one.
 */
public final class CountServlet extends HttpServlet {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = Logger.getLogger(CountServlet.class.getName());

  /** Who clicked has clicked again by then. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final transient Counter counter;
  private transient Bell bell;

  /** As App Engine makes it. */
  public CountServlet() {
    this(PATIENCE);
  }

  CountServlet(Duration patience) {
    counter = new Counter(patience);
  }

  @Override
  public void init() throws ServletException {
    String url = System.getenv("DOORBELL_URL"); // for the development server
    try {
      bell = new Bell(url == null ? System.getProperty("doorbell.url") : url);
    } catch (IllegalArgumentException e) {
      throw new ServletException(e.getMessage(), e);
    }
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    answer(response, counter::look);
  }

  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    answer(
        response,
        () -> {
          State state = counter.add(); // commits first,
          bell.set(state.past()); // then sets
          return state;
        });
  }

  private void answer(HttpServletResponse response, Supplier<State> work) throws IOException {
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    try {
      State state = work.get();
      response.setHeader("Doorbell-Wait", bell.header(state.event()));
      response.getWriter().println("{\"count\":" + state.count() + "}");
    } catch (ConcurrentModificationException
        | DatastoreTimeoutException
        | DatastoreFailureException e) {
      LOG.log(Level.WARNING, "The Datastore gave no answer.", e);
      response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
      response.setHeader("Retry-After", "1");
      response.getWriter().println("{\"detail\":\"The count is busy. Try again.\"}");
    }
  }
}
