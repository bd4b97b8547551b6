package doorbell.store.redis;

import java.time.Duration;
import java.util.List;

/**
 * What a store over Redis is told.
 *
 * @param servers the servers, an odd number of them
 * @param prefix the beginning of all keys and channels, which nodes of one store share
 * @param remember time for which a set is remembered, at least
 * @param sweep time within which each parked id is looked up again
 * @param bell time between two bells, and that within which one is heard
 */
public record RedisSettings(
    List<RedisAddress> servers, String prefix, Duration remember, Duration sweep, Duration bell) {
  /** A server that is deaf is found so within twice this time. */
  public static final Duration USUAL_BELL = Duration.ofSeconds(2);
}
