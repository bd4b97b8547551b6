package doorbell.http;

/**
 * An answer that may take a while: a wait, or a set being stored. Belongs to the loop of its {@link
 * Exchange}, and tells it by {@link Exchange#onDecided} when the answer is there.
 */
interface Pending {
  /** Starts; it may be decided when this returns. */
  void begin();

  /** There is an answer, and nothing to wait for. */
  boolean isDecided();

  /** It was waited for as long as it may be. */
  void onDeadline();

  /** Ends it: answers, as things stand. Called once, unless it is abandoned. */
  void end();

  /** Ends it with nobody to tell. */
  void abandon();

  /** What it made the node do, or makes it do though abandoned: see {@link Limits#ALLOWANCE}. */
  int cancelCost();
}
