package doorbell.io.proxy;

import doorbell.count.Seldom;
import doorbell.io.Endpoint;
import doorbell.io.IoLoop;
import doorbell.io.Protocol;
import doorbell.io.ProtocolFactory;
import doorbell.limit.QuotaException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PROXY protocol before other protocols: each connection begins with a {@link ProxyHeader} of a
 * trusted proxy. Any thread.
 */
public final class ProxyProtocol {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyProtocol.class);

  private volatile Rules rules;
  private final AtomicLong failures = new AtomicLong();
  private final Seldom tells = new Seldom();

  /**
   * Rules for connections that come from now on.
   *
   * @param trusted the proxies whose headers are heeded; null for none
   * @param headerMillis the time in which a header must be whole
   */
  public record Rules(@Nullable TrustedProxies trusted, long headerMillis) {
    /** True if whom the endpoint's client connected from is trusted. */
    boolean trusts(Endpoint endpoint) {
      return trusted != null && trusted.trusts(endpoint);
    }
  }

  public ProxyProtocol(Rules rules) {
    this.rules = rules;
  }

  /** Takes other rules, for connections that come from now on. */
  public void take(Rules others) {
    rules = others;
  }

  /** Makes protocols that read a header, and then hand over to the protocols of {@code inside}. */
  public ProtocolFactory around(IoLoop loop, ProtocolFactory inside) {
    return new ProtocolFactory() {
      @Override
      public Protocol first(Endpoint endpoint) {
        return new ProxyHeaderReader(ProxyProtocol.this, loop, endpoint, inside);
      }

      @Override
      public Protocol refusal(Endpoint endpoint, String why) {
        return inside.refusal(endpoint, why);
      }

      @Override
      public Protocol refusal(Endpoint endpoint, QuotaException why) {
        return inside.refusal(endpoint, why);
      }
    };
  }

  Rules rules() {
    return rules;
  }

  /** Counts a connection that is refused, and tells of it once in a while. */
  void onRefused(String why) {
    long failed = failures.incrementAndGet();
    if (tells.isDue()) {
      LOG.warn(
          "{} connections came without a header of the PROXY protocol since the start, the last"
              + " one: {}",
          failed,
          why);
    }
  }
}
