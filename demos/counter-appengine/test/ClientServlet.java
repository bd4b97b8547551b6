import doorbell.client.Doorbell;
import doorbell.client.EventId;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** Uses the Java client from within a request, as an application on App Engine may. */
public final class ClientServlet extends HttpServlet {
  @Override
  protected void doPost(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Duration patience = Duration.ofMillis(Long.parseLong(request.getParameter("millis")));
    URI node = URI.create(request.getParameter("node"));
    Doorbell bell = Doorbell.at(node).withPatience(patience).withSecret("secret");
    EventId id = EventId.of(request.getParameter("id"));
    CompletableFuture<Void> wait = bell.wait(id);
    boolean isSet = bell.set(id).handle((first, failure) -> failure == null).join();
    if (isSet) {
      wait.join();
    }
    wait.cancel(true);
    EventId changed = bell.topic("room").at(7).id();
    response.setHeader(Doorbell.HEADER, bell.withPublicUrl(node).header(changed));
    response.getWriter().println(isSet);
  }
}
