package doorbell.http;

import static java.util.Objects.requireNonNull;

import doorbell.event.EventId;
import doorbell.io.Deadline;
import doorbell.wait.Parked;
import doorbell.wait.Pending;
import doorbell.wait.Requester;
import doorbell.wait.SetCall;
import doorbell.wait.Wait;
import doorbell.wait.WaitLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request and its answer at a time: a connection of HTTP/1.1, or a stream of HTTP/2. Belongs to
 * its loop's thread; what comes from elsewhere (a wake, a stored set) is handed to that thread.
 */
public abstract class Exchange extends Deadline implements Requester, Parked {
  /** An answer that takes a while; null if there is nothing to wait for. */
  public @Nullable Pending pending;

  /** What the connections of its loop share. */
  protected abstract HttpLoop http();

  @Override
  public final WaitLoop waits() {
    return http().waits;
  }

  /** There is nobody any more to be answered: what begins now would never end. */
  protected abstract boolean isGone();

  /** Sends the whole answer. */
  protected abstract void answer(Response response);

  /** Begins an answer that is an event stream; {@code headOnly} if nothing more of it is wanted. */
  protected abstract void open(boolean headOnly);

  /** Sends the next part of an event stream. */
  protected abstract void send(String part);

  /** Whether the client has taken, or its kernel, all that was sent. */
  protected boolean isSent() {
    return endpoint().isSent();
  }

  /** Ends an event stream. */
  protected abstract void endStream();

  /** Does what a whole request asks for, and answers now or later. */
  protected final void act(Request request, RequestReader whole) throws HttpError {
    switch (request.what()) {
      case WAIT -> wait(request);
      case SET, SET_MANY -> begin(set(request, whole.ids()), HttpLimits.SET_MILLIS);
      default -> answer(Response.page(request));
    }
  }

  /** A request that only asks is held for the store's answer, not for a set. */
  private void wait(Request request) {
    long most = http().options.maxWait().toMillis();
    long hold = request.onlyAsks() ? HttpLimits.SET_MILLIS : Math.min(request.millis(), most);
    if (request.form().type() == Accept.EVENTS) {
      EventStream stream = new EventStream(this, request, hold);
      begin(stream, stream.nextMillis());
    } else {
      begin(new HttpWait(this, request), hold);
    }
  }

  private SetCall set(Request request, List<EventId> ids) throws HttpError {
    if (!http().io.budget.take((long) SetCall.BYTES * ids.size())) {
      throw HttpError.memoryIsShort();
    }
    return new SetCall(this, ids, request.millis()) {
      @Override
      public void end() {
        if (!isDecided()) {
          fail("the store is slow; the set may be kept all the same: set it again");
        } else if (failure != null) {
          fail(HttpError.sentence(failure));
        } else if (request.what() == Request.What.SET_MANY) {
          answer(Response.stored(firsts, size() - firsts));
        } else {
          answer(firsts == 1 ? Response.FIRST : Response.ALREADY);
        }
      }

      private void fail(String sentence) {
        answer(Response.problem(HttpError.forNow(503, sentence), false));
      }
    };
  }

  /** What it sends at once may show that the client has gone, before there is anything pending. */
  private void begin(Pending begun, long holdMillis) {
    begun.begin();
    if (isGone()) {
      begun.abandon();
    } else if (begun.isDecided()) {
      begun.end();
    } else {
      pending = begun;
      http().io.deadlines.set(this, holdMillis);
    }
  }

  @Override
  public final void onDecided(Pending decided) {
    if (decided == pending) {
      pending = null;
      decided.end();
    }
  }

  /** There is nobody any more to be answered. */
  protected final void abandon() {
    if (pending != null) {
      pending.abandon();
      pending = null;
    }
  }

  /** Answers what is parked, as things stand: see {@link #hasEnded}. */
  protected final void endWait() {
    if (isParked() && requireNonNull(pending).isDecided()) {
      onDecided(pending);
    }
  }

  @Override
  public final boolean isParked() {
    return pending instanceof Wait;
  }

  @Override
  public final void drain() {
    if (isParked()) {
      onDecided(requireNonNull(pending));
    }
  }
}
