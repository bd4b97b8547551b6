package doorbell.io;

import doorbell.limit.QuotaException;

/**
 * Makes the protocols that new clients meet first. Each loop has a factory; any thread may call.
 */
public interface ProtocolFactory {
  /** The protocol that a new client speaks at first. */
  Protocol first(Endpoint endpoint);

  /** The protocol that tells a client in a sentence why it isn't served, and closes. */
  Protocol refusal(Endpoint endpoint, String why);

  /** The protocol that tells a client that its address has too many connections, and closes. */
  Protocol refusal(Endpoint endpoint, QuotaException why);
}
