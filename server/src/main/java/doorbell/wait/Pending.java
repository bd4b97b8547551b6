package doorbell.wait;

/**
 * An answer that may take a while: a wait, or a set being stored. Belongs to the loop of the {@link
 * Requester}, which is told when the answer is there.
 */
public interface Pending {
  /** Starts; the answer may be there when this returns. */
  void begin();

  /** True if the answer is there, so that there is nothing to wait for. */
  boolean isDecided();

  /** The hold is over. */
  void onDeadline();

  /** Answers the request, as things stand. Called once, unless this request is abandoned. */
  void end();

  /** Ends the request without an answer. */
  void abandon();

  /**
   * Cost of the node's work for this request, if the client cancels now; a cancelled wait for one
   * id costs 1.
   */
  int cancelCost();
}
