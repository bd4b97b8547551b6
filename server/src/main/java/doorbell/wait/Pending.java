package doorbell.wait;

/**
 * An answer that may take a while: a wait, or a set being stored. Belongs to the loop of its {@link
 * Requester}, which hears when the answer is there.
 */
public interface Pending {
  /** Starts; the answer may be there when this returns. */
  void begin();

  /** Whether the answer is there, so that nothing is to be waited for. */
  boolean isDecided();

  /** The hold is over. */
  void onDeadline();

  /** Answers, as things stand. Called once, unless this is abandoned. */
  void end();

  /** Ends with nobody to tell. */
  void abandon();

  /**
   * The cost of what it makes the node do, if the client cancels it now; a cancelled wait for one
   * id costs 1.
   */
  int cancelCost();
}
