package doorbell.websocket;

import static doorbell.wait.LoopCounts.Via.WEBSOCKET;

import doorbell.access.Access;
import doorbell.access.AccessException;
import doorbell.access.Credential;
import doorbell.access.Setter;
import doorbell.http.HttpError;
import doorbell.http.HttpLimits;
import doorbell.http.HttpLoop;
import doorbell.io.Deadline;
import doorbell.io.Endpoint;
import doorbell.limit.ClientAddress;
import doorbell.limit.QuotaException;
import doorbell.wait.EventName;
import doorbell.wait.SetCall;
import doorbell.wait.WaitQuota;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The sending side of a {@link WebSocketConnection}: frames, sent together once for each pass of
 * the loop.
 */
abstract class WebSocketWriter extends Deadline {
  final HttpLoop http;
  final Endpoint endpoint;

  /**
   * The client's address, which the quota counts this client's waits for; null if addresses don't
   * matter. It changes only while there are no waits.
   */
  private @Nullable ClientAddress place;

  private int held;

  /** True while bytes are read: frames are sent afterwards. */
  boolean inRead;

  /** True once a close frame is written, or the connection is closed: no frame may follow. */
  boolean closing;

  int setsInFlight;

  /** True once the node ends, and has no store for this client. */
  private boolean leaving;

  private boolean flushing;

  /** True if bytes came since the last deadline. */
  boolean heard;

  /** Deadlines after the close frame that passed because the client still sent. */
  private byte lingers;

  /** Chain of waits that are set and that the client has no room for, the oldest first. */
  @Nullable WebSocketWait untold;

  private @Nullable WebSocketWait lastUntold;

  /** The token that sets of this client are done by; null if none came, or none is needed. */
  private final @Nullable Credential credential;

  WebSocketWriter(HttpLoop http, Endpoint endpoint, @Nullable Credential credential) {
    this.http = http;
    this.endpoint = endpoint;
    this.credential = credential;
  }

  @Override
  public final Endpoint endpoint() {
    return endpoint;
  }

  final ByteBufAllocator allocator() {
    return http.answers;
  }

  final void say(String line) {
    if (!closing && http.io.budget.isTooMuchFor(endpoint)) {
      endpoint.cut();
    } else if (!closing) {
      write(WebSocketFrames.text(allocator(), line));
    }
  }

  /** Answers a ping. */
  final void pong(ByteBuf payload) {
    if (!closing) {
      write(WebSocketFrames.pong(allocator(), payload));
    }
  }

  /** Takes a place for one more wait, or refuses. */
  final void acquire() throws QuotaException {
    http.waits.admitWaits(endpoint, 1);
    WaitQuota quota = http.waits.quota;
    place = quota.acquire(held == 0 ? quota.placeOf(endpoint) : place, 1);
    held++;
    http.waits.counts.parked(WEBSOCKET).add(1);
  }

  /** Gives the places of ended waits back. */
  final void release(int ended) {
    if (ended > 0) {
      held -= ended;
      http.waits.quota.release(place, ended);
      http.waits.counts.parked(WEBSOCKET).add(-ended);
    }
  }

  /**
   * Takes memory for a set of {@code name}, which {@link #count} gives back; or refuses. The result
   * is who the set is done by; null if no token is needed.
   */
  final @Nullable Setter admit(String name) throws HttpError {
    try {
      http.waits.admitSets(endpoint, 1);
    } catch (QuotaException beyond) {
      throw HttpError.of(beyond, name);
    }
    if (!http.io.budget.take(SetCall.BYTES)) {
      throw HttpError.memoryIsShort();
    }
    try {
      Access access = http.access;
      return access == null ? null : access.setter(credential);
    } catch (AccessException e) {
      http.io.budget.count(-SetCall.BYTES);
      throw HttpError.of(e, name);
    }
  }

  /** Takes room for an admitted set of {@code name} in the quotas of {@code by}; or refuses it. */
  final boolean hasRoom(Setter by, String name) throws HttpError {
    try {
      return by.acquire(1);
    } catch (AccessException e) {
      http.io.budget.count(-SetCall.BYTES);
      throw HttpError.of(e, name);
    }
  }

  /** A set by a name without room goes on if its event is set already, which needs none. */
  final void lookUp(EventName event, Setter by) {
    http.waits.hear(
        endpoint,
        http.waits.isSet(event.id()),
        (found, cause) -> {
          try {
            by.acquire(1, Boolean.TRUE.equals(found) ? 0 : 1);
            store(event, by);
          } catch (AccessException full) {
            http.io.budget.count(-SetCall.BYTES);
            if (cause == null) {
              refuse(event.text() + ": ", full);
            } else {
              fail(event.text(), cause);
            }
            onSettled();
          }
        });
  }

  /** Sets an event, and tells the client when it is stored. */
  final void store(EventName event, @Nullable Setter by) {
    CompletionStage<Boolean> stored = http.waits.set(event.id(), 0);
    // Waiters of the same loop have answers before the setter does.
    http.waits.wakeBefore(
        endpoint,
        () -> {
          http.waits.flushSoon();
          http.waits.hear(endpoint, stored, (first, cause) -> stored(event, by, first, cause));
        });
  }

  private void stored(
      EventName event, @Nullable Setter by, @Nullable Boolean first, @Nullable Throwable cause) {
    count(by, first, cause);
    if (cause == null) {
      say("done " + event.text());
    } else {
      fail(event.text(), cause);
    }
    onSettled();
  }

  /** Counts a set that was stored, or couldn't be. */
  private void count(@Nullable Setter by, @Nullable Boolean first, @Nullable Throwable cause) {
    http.io.budget.count(-SetCall.BYTES);
    http.waits.counts.onStored(first, cause);
    if (by != null) {
      by.onStored(first, cause);
    }
  }

  /** Tells the client why a line isn't heeded; {@code what} is the line's id, or empty. */
  final void refuse(String what, Throwable why) {
    HttpError error = HttpError.of(why);
    http.waits.counts.onAnswer(error.status);
    say("error " + what + error.sentence());
  }

  /** Tells the client that the store failed for an id; a node that ends has closed its store. */
  final void fail(String id, Throwable why) {
    if (http.waits.isDraining()) {
      leaving = true;
      closeIfLeaving();
    } else {
      refuse(id + ": ", why);
    }
  }

  /** Closes as a node that ends, once the client has heard of earlier sets: they may be stored. */
  final void closeIfLeaving() {
    if (leaving && setsInFlight == 0) {
      close();
    }
  }

  /** Tells the client of a set, or chains the wait until there is room. */
  final void tell(WebSocketWait wait) {
    if (untold == null && endpoint.isWritable()) {
      say("set " + wait.text());
      return;
    }
    if (lastUntold == null) {
      untold = wait;
      http.io.deadlines.set(this, HttpLimits.PING_MILLIS);
    } else {
      lastUntold.nextUntold = wait;
    }
    lastUntold = wait;
    readOrPause();
  }

  /** Tells the client of chained waits while there is room. */
  final void tellUntold() {
    while (untold != null && endpoint.isWritable()) {
      WebSocketWait next = untold;
      untold = next.nextUntold;
      say("set " + next.text());
      if (closing) {
        return; // The client was cut off, and all is forgotten.
      }
      http.io.deadlines.set(this, HttpLimits.PING_MILLIS);
    }
    lastUntold = untold == null ? null : lastUntold;
  }

  final void forgetUntold() {
    untold = null;
    lastUntold = null;
  }

  final void write(ByteBuf frame) {
    endpoint.write(frame);
    if (!inRead && !flushing) {
      flushing = true;
      http.waits.sendSoon(endpoint, this::flush);
    }
  }

  private void flush() {
    flushing = false;
    endpoint.flush();
    readOrPause();
  }

  /** True if the client has another while to read the close frame, since it still sends. */
  final boolean lingersOn() {
    boolean goesOn = heard && ++lingers < HttpLimits.LINGERS;
    if (goesOn) {
      heard = false;
      http.io.deadlines.set(this, HttpLimits.LINGER_MILLIS);
    }
    return goesOn;
  }

  /** A set is answered. */
  abstract void onSettled();

  /** Starts or pauses listening to the client. */
  abstract void readOrPause();
}
