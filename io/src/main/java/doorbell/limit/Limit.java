package doorbell.limit;

import java.util.Locale;

/** A limit that refuses clients, named as its option without {@code max}. */
public enum Limit {
  WAITS,
  WAITS_PER_ADDRESS,
  CONNECTIONS_PER_ADDRESS,
  CONNECTIONS_PER_SECOND_PER_ADDRESS,
  WAITS_PER_SECOND_PER_ADDRESS,
  SETS_PER_SECOND_PER_ADDRESS;

  /** True if one client address is at its limit; false if the whole node is. */
  public boolean isOfAddress() {
    return this != WAITS;
  }

  /** The name in figures. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
