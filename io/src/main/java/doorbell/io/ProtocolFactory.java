package doorbell.io;

/** Makes the protocols that new clients meet first. One for each loop; any thread may call. */
public interface ProtocolFactory {
  /** The protocol that a new client speaks at first. */
  Protocol first(Endpoint endpoint);

  /** The protocol that tells a client to use TLS, and closes: that client came without. */
  Protocol refusal(Endpoint endpoint);
}
