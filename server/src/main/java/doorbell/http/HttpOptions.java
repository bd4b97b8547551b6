package doorbell.http;

import java.time.Duration;

/**
 * The options of HTTP, checked already.
 *
 * @param basePath a further root for all paths, {@code ""} or {@code /some/path}
 * @param maxWait the longest hold: the bound on a wait that outlives a client that died unseen
 * @param maxWaitsPerConnection waits on a WebSocket, and streams of a connection of HTTP/2
 * @param headTimeout the time that a request may take to arrive: slow senders hold memory
 * @param idleTimeout the time that a connection may stay open between requests
 */
public record HttpOptions(
    String basePath,
    Duration maxWait,
    int maxWaitsPerConnection,
    Duration headTimeout,
    Duration idleTimeout) {
  /** The same options below another root. */
  public HttpOptions at(String path) {
    return new HttpOptions(path, maxWait, maxWaitsPerConnection, headTimeout, idleTimeout);
  }
}
