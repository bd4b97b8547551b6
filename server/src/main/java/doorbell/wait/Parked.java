package doorbell.wait;

/** A holder of parked waits, which a node drains before going down. Runs on the loop's thread. */
public interface Parked {
  /** True if waits are parked now. */
  boolean isParked();

  /** Answers the parked waits, if only with "ask again". */
  void drain();
}
