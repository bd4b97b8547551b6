package doorbell.store.postgres;

import java.time.Duration;

/**
 * What a store over PostgreSQL is told.
 *
 * @param prefix the beginning of the names of table, functions and channel
 * @param remember time for which a set is remembered, at least
 * @param sweep time within which each parked id is looked up again
 * @param bell time between two bells, and that within which one is heard
 */
public record PostgresSettings(
    PostgresAddress address, String prefix, Duration remember, Duration sweep, Duration bell) {
  /** A server that is deaf is found so within twice this time; a commit may wait for a disk. */
  public static final Duration USUAL_BELL = Duration.ofSeconds(5);
}
