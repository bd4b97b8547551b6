package doorbell.wait;

import doorbell.io.Endpoint;

/**
 * A client's request that has no answer yet, as a {@link Pending} sees the request. Runs on the
 * loop's thread.
 */
public interface Requester {
  WaitLoop waits();

  Endpoint endpoint();

  /** The protocol of the request. */
  LoopCounts.Via via();

  /** The client sends no more, and may have gone: no wait is parked for this client. */
  boolean hasEnded();

  /** The answer is there, or the time is over: {@link Pending#end} is due. */
  void onDecided(Pending decided);
}
