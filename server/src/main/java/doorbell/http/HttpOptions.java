package doorbell.http;

import doorbell.io.Transport;
import doorbell.io.tls.PemFiles;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The options of a port. A bad value is an {@link IllegalArgumentException} with one sentence.
 *
 * @param listen the address to listen at; port 0 is any free port
 * @param certificate the certificate for clients over TLS; null for a port without TLS
 * @param transport the system interface that carries the sockets
 * @param loops event loops, each a thread: as many as cores, more only cost
 * @param basePath a further root for all paths, {@code ""} or {@code /some/path}
 * @param maxWait the longest hold: the bound on a wait that outlives a client that died unseen
 * @param maxWaits parked waits of the whole node, each id counted: beyond this number memory is in
 *     danger, so {@link #waitsThatFit} follows the heap
 * @param maxWaitsPerAddress parked waits of one client address, 0 for no limit: behind a proxy all
 *     clients share an address
 * @param maxWaitsPerConnection waits on a WebSocket, and streams of a connection of HTTP/2
 * @param maxBuffered bytes that clients may make the node hold beside parked waits: beyond this
 *     number memory is in danger, so {@link #bytesThatFit} follows the heap
 * @param headTimeout the time that a request may take to arrive: slow senders hold memory
 * @param idleTimeout the time that a connection may stay open between requests
 */
public record HttpOptions(
    InetSocketAddress listen,
    @Nullable PemFiles certificate,
    Transport transport,
    int loops,
    String basePath,
    Duration maxWait,
    int maxWaits,
    int maxWaitsPerAddress,
    int maxWaitsPerConnection,
    long maxBuffered,
    Duration headTimeout,
    Duration idleTimeout) {
  private static final Pattern BASE_PATH = Pattern.compile("(/[A-Za-z0-9._~-]+)*");

  /** The least budget: room for a few large bodies at a time. */
  private static final long LEAST_BUFFERED = 1 << 20;

  private static final int MAX_LOOPS = 1_024;
  private static final Duration MAX_HOLD = Duration.ofDays(7);
  private static final Duration MAX_TIMEOUT = Duration.ofHours(1);

  public HttpOptions {
    if (!BASE_PATH.matcher(basePath).matches()) {
      throw new IllegalArgumentException(
          "the base path is like /bell, with no slash at its end, not '" + basePath + "'");
    }
    check("loops", loops, 1, MAX_LOOPS);
    check("max-waits", maxWaits, 1, Integer.MAX_VALUE);
    check("max-waits-per-address", maxWaitsPerAddress, 0, Integer.MAX_VALUE);
    check("max-waits-per-connection", maxWaitsPerConnection, 1, Integer.MAX_VALUE);
    check("max-wait", maxWait, Duration.ofSeconds(1), MAX_HOLD);
    check("max-buffered", maxBuffered, LEAST_BUFFERED, Math.max(LEAST_BUFFERED, Memory.heap()));
    check("head-timeout", headTimeout, Duration.ofMillis(100), MAX_TIMEOUT);
    check("idle-timeout", idleTimeout, Duration.ofMillis(100), MAX_TIMEOUT);
  }

  /**
   * The number of waits that a share of the JVM's heap has room for: the default of {@link
   * #maxWaits}.
   */
  public static int waitsThatFit() {
    return Memory.waits();
  }

  /**
   * A quarter of the JVM's heap or direct memory, the smaller: the default of {@link #maxBuffered}.
   */
  public static long bytesThatFit() {
    return Memory.buffered();
  }

  /** The same options at another address. */
  public HttpOptions at(InetSocketAddress other) {
    return new HttpOptions(
        other,
        certificate,
        transport,
        loops,
        basePath,
        maxWait,
        maxWaits,
        maxWaitsPerAddress,
        maxWaitsPerConnection,
        maxBuffered,
        headTimeout,
        idleTimeout);
  }

  /** The same options with {@code bytes} as {@link #maxBuffered}. */
  public HttpOptions holding(long bytes) {
    return new HttpOptions(
        listen,
        certificate,
        transport,
        loops,
        basePath,
        maxWait,
        maxWaits,
        maxWaitsPerAddress,
        maxWaitsPerConnection,
        bytes,
        headTimeout,
        idleTimeout);
  }

  /**
   * Checks a value against bounds, ends included; {@code name} is the option on the command line.
   */
  public static <T extends Comparable<T>> void check(String name, T value, T least, T most) {
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          name + " is between " + text(least) + " and " + text(most) + ", not " + text(value));
    }
  }

  private static String text(Object value) {
    return value instanceof Duration duration
        ? BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + " s"
        : "" + value;
  }
}
