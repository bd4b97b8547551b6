package doorbell.wait;

import doorbell.io.Endpoint;

/**
 * A client's request that has no answer yet, as a {@link Pending} sees it. On its loop's thread.
 */
public interface Requester {
  WaitLoop waits();

  Endpoint endpoint();

  /** The client sends no more, and may have gone: nothing is parked for it. */
  boolean hasEnded();

  /** The answer is there, or its time is over: {@link Pending#end} is due. */
  void onDecided(Pending decided);
}
