package doorbell.http;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * One request and its answer at a time: a connection of HTTP/1.1, or a stream of HTTP/2. Belongs to
 * its loop's thread; what comes from elsewhere (a wake, a stored set) is handed to that thread.
 */
abstract class Exchange extends Deadline {
  final Node node;
  final Loop loop;

  /** An answer that takes a while; null if there is nothing to wait for. */
  @Nullable Pending pending;

  Exchange(Node node, Loop loop) {
    this.node = node;
    this.loop = loop;
  }

  /** There is nobody any more to be answered: what begins now would never end. */
  abstract boolean isGone();

  /** The client sends no more, and may have gone: nothing is parked for it. */
  abstract boolean hasEnded();

  /** Sends the whole answer. */
  abstract void answer(Response response);

  /** Begins an answer that is an event stream; {@code headOnly} if nothing more of it is wanted. */
  abstract void open(boolean headOnly);

  /** Sends the next part of an event stream. */
  abstract void send(String part);

  /** Whether the client has taken, or its kernel, all that was sent. */
  boolean isSent() {
    return endpoint().isSent();
  }

  /** Ends an event stream. */
  abstract void end();

  /** Does what a whole request asks for, and answers now or later. */
  final void act(Request request, RequestReader whole) throws HttpError {
    switch (request.what()) {
      case WAIT -> wait(request);
      case SET, SET_MANY -> begin(new SetCall(this, request, whole.ids()), Limits.SET_MILLIS);
      default -> answer(Response.page(request));
    }
  }

  /** One that only asks is held for the store's answer, not for a set. */
  private void wait(Request request) {
    long most = node.options().maxWait().toMillis();
    long hold = request.onlyAsks() ? Limits.SET_MILLIS : Math.min(request.millis(), most);
    if (request.form().type() == Accept.EVENTS) {
      EventStream stream = new EventStream(this, request, hold);
      begin(stream, stream.nextMillis());
    } else {
      begin(new Wait(this, request), hold);
    }
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
      loop.deadlines.set(this, holdMillis);
    }
  }

  /** What was pending is decided, or its time is over. */
  final void onDecided(Pending decided) {
    if (decided == pending) {
      pending = null;
      decided.end();
    }
  }

  /** There is nobody any more to be answered. */
  final void abandon() {
    if (pending != null) {
      pending.abandon();
      pending = null;
    }
  }

  /** Answers what is parked, as things stand: see {@link #hasEnded}. */
  final void endWait() {
    if (isParked() && requireNonNull(pending).isDecided()) {
      onDecided(pending);
    }
  }

  @Override
  final boolean isParked() {
    return pending instanceof Wait;
  }

  @Override
  void drain() {
    if (isParked()) {
      onDecided(requireNonNull(pending));
    }
  }
}
