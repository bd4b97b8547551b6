package doorbell.wait;

/** A holder of parked waits, which a node that goes down sees to. On its loop's thread. */
public interface Parked {
  /** Whether waits are parked now. */
  boolean isParked();

  /** Answers the parked waits, if only with "ask again". */
  void drain();
}
