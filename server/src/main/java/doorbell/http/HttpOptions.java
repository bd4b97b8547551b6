package doorbell.http;

import doorbell.io.proxy.TrustedProxies;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The options of HTTP, checked already.
 *
 * @param basePath a further root for all paths, {@code ""} or {@code /some/path}
 * @param maxWait the longest hold: the bound on a wait that outlives a client that died unseen
 * @param maxWaitsPerConnection waits on a WebSocket, and streams of a connection of HTTP/2
 * @param headTimeout the time that a request may take to arrive: slow senders hold memory
 * @param idleTimeout the time that a connection may stay open between requests
 * @param trustedProxies the proxies whose header fields name their clients; null for none
 */
public record HttpOptions(
    String basePath,
    Duration maxWait,
    int maxWaitsPerConnection,
    Duration headTimeout,
    Duration idleTimeout,
    @Nullable TrustedProxies trustedProxies) {
  /** The same options below another root. */
  public HttpOptions at(String path) {
    return new HttpOptions(
        path, maxWait, maxWaitsPerConnection, headTimeout, idleTimeout, trustedProxies);
  }
}
