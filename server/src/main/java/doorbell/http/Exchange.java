package doorbell.http;

import static java.util.Objects.requireNonNull;

import doorbell.access.AccessException;
import doorbell.access.Setter;
import doorbell.event.EventId;
import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.limit.QuotaException;
import doorbell.wait.Parked;
import doorbell.wait.Pending;
import doorbell.wait.Requester;
import doorbell.wait.SetCall;
import doorbell.wait.SetLookup;
import doorbell.wait.Wait;
import doorbell.wait.WaitLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection of HTTP/1.1 or a stream of HTTP/2: one request and response at a time. Belongs to
 * the loop's thread; news from other threads (a wake, a stored set) is handed to that thread.
 */
public abstract class Exchange extends Deadline implements Requester, Parked {
  /** The wait or set in progress; null if there is none. */
  public @Nullable Pending pending;

  /** State shared by the connections of the loop. */
  protected abstract HttpLoop http();

  @Override
  public final WaitLoop waits() {
    return http().waits;
  }

  /** True if the client is gone: a wait that began now would never end. */
  protected abstract boolean isGone();

  /** Sends the whole response. */
  protected abstract void answer(Response response);

  /** Begins an event stream as the response; {@code headOnly} if only the head is wanted. */
  protected abstract void open(boolean headOnly);

  /** Sends the next part of an event stream. */
  protected abstract void send(String part);

  /** True if the kernel, or the client, has taken all parts sent so far. */
  protected boolean isSent() {
    return endpoint().isSent();
  }

  /** Ends an event stream. */
  protected abstract void endStream();

  /** Carries out a whole request, and answers now or later. */
  protected final void act(Request request, RequestReader whole) throws HttpError {
    try {
      switch (request.what()) {
        case WAIT -> wait(request, whole.client);
        case SET, SET_MANY -> set(request, whole);
        default -> answer(Response.file(request));
      }
    } catch (QuotaException beyond) {
      throw HttpError.of(beyond);
    }
  }

  /** A request that only asks is held for the store's answer, not for a set. */
  private void wait(Request request, Endpoint client) throws QuotaException {
    waits().admitWaits(client, request.events().size());
    long most = http().options.maxWait().toMillis();
    long hold = request.onlyAsks() ? HttpLimits.SET_MILLIS : Math.min(request.millis(), most);
    if (request.form().type() == Accept.EVENTS) {
      EventStream stream = new EventStream(this, request, hold);
      stream.isFrom(client);
      begin(stream, stream.nextMillis());
    } else {
      HttpWait wait = new HttpWait(this, request, hold);
      wait.isFrom(client);
      begin(wait, hold);
    }
  }

  private void set(Request request, RequestReader whole) throws HttpError, QuotaException {
    List<EventId> ids = whole.ids();
    waits().admitSets(whole.client, ids.size());
    if (!http().io.budget.take((long) SetCall.BYTES * ids.size())) {
      throw HttpError.memoryIsShort();
    }
    Setter setter = whole.setter();
    SetCall call = call(request, ids, setter);
    if (setter == null || hasRoom(setter, ids.size())) {
      begin(call, HttpLimits.SET_MILLIS);
    } else {
      begin(lookup(ids, setter, call), HttpLimits.SET_MILLIS);
    }
  }

  private SetCall call(Request request, List<EventId> ids, @Nullable Setter setter) {
    return new SetCall(this, ids, request.millis()) {
      @Override
      protected void count(@Nullable Boolean first, @Nullable Throwable cause) {
        super.count(first, cause);
        if (setter != null) {
          setter.onStored(first, cause);
        }
      }

      @Override
      public void end() {
        if (!isDecided()) {
          String slow = "the store is slow; the set may be kept all the same: set it again";
          answer(Response.problem(HttpError.forNow(503, slow), false));
        } else if (failure != null) {
          answer(Response.problem(errorOf(failure), false));
        } else if (request.what() == Request.What.SET_MANY) {
          answer(Response.stored(firsts, size() - firsts));
        } else {
          answer(firsts == 1 ? Response.FIRST : Response.ALREADY);
        }
      }
    };
  }

  /** The error of a request that the store failed, or that is for another node. */
  final HttpError errorOf(Throwable failure) {
    return waits().isDraining() ? HttpError.isEnding() : HttpError.of(failure);
  }

  /** Sets by a name without room go on if enough of the events are set already. */
  private SetLookup lookup(List<EventId> ids, Setter setter, SetCall call) {
    return new SetLookup(this, ids) {
      @Override
      public void end() {
        try {
          if (!isDecided() || failure != null) {
            String unknown = "the store can't tell what is set; nothing was set";
            throw waits().isDraining() ? HttpError.isEnding() : HttpError.forNow(503, unknown);
          }
          setter.acquire(ids.size(), unset);
        } catch (HttpError | AccessException refused) {
          abandon();
          answer(Response.problem(HttpError.of(refused), false));
          return;
        }
        Exchange.this.begin(call, HttpLimits.SET_MILLIS);
      }
    };
  }

  /** Takes room in a name's quotas; or refuses sets, which the budget has counted, as too fast. */
  private boolean hasRoom(Setter setter, int sets) throws HttpError {
    try {
      return setter.acquire(sets);
    } catch (AccessException e) {
      http().io.budget.count(-(long) SetCall.BYTES * sets);
      throw HttpError.of(e);
    }
  }

  /**
   * The client may turn out to be gone while {@code begun} sends, before {@code pending} is set.
   */
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

  /** The client is gone: nothing pending gets a response. */
  protected final void abandon() {
    if (pending != null) {
      pending.abandon();
      pending = null;
    }
  }

  /** Answers the parked wait as things stand: see {@link #hasEnded}. */
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
