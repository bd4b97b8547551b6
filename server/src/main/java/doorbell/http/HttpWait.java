package doorbell.http;

import doorbell.io.Endpoint;
import doorbell.wait.EventName;
import doorbell.wait.Requester;
import doorbell.wait.Wait;
import doorbell.wait.WaitLink;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A wait over HTTP, answered by a single response. */
class HttpWait extends Wait {
  final Exchange exchange;
  final Request.Form form;

  HttpWait(Exchange exchange, Request request, long holdMillis) {
    super(request.events(), request.onlyAsks());
    this.exchange = exchange;
    this.form = request.form();
    mayTake(holdMillis);
  }

  /** Has the quota count {@code client}, which may be another than the endpoint of a proxy. */
  final void isFrom(Endpoint client) {
    if (client != exchange.endpoint()) {
      countAt(client);
    }
  }

  @Override
  protected final Requester requester() {
    return exchange;
  }

  @Override
  protected long leftMillis() {
    return exchange.waits().io.deadlines.leftMillis(exchange);
  }

  @Override
  public void end() {
    List<EventName> found = new ArrayList<>(1);
    for (WaitLink link = this; link != null; link = link.other) {
      if (leave(link)) {
        found.add(link.name());
      }
    }
    release();
    @Nullable Throwable doubt = doubt();
    if (!found.isEmpty()) {
      exchange.answer(Response.set(form, found));
    } else if (doubt != null) {
      exchange.answer(Response.problem(exchange.errorOf(doubt), form.head()));
    } else {
      exchange.answer(Response.NOT_SET);
    }
  }
}
