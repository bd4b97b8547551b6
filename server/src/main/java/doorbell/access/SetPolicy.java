package doorbell.access;

/** The policy of who may set. Waiting is free under each. */
public enum SetPolicy {
  /** Whoever knows the id. */
  OPEN,
  /** Whoever has the key of a sealed id; nobody sets another id. */
  SEALED,
  /** Whoever has a token of the node's; for a sealed id the key too. */
  TOKEN
}
