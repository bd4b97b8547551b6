package doorbell.client;

/**
 * The result of setting many event variables.
 *
 * @param set the number of variables set by this call
 * @param already the number of variables set before; an id that was named twice counts here for the
 *     second time
 */
public record SetCount(int set, int already) {
  SetCount plus(SetCount other) {
    return new SetCount(set + other.set, already + other.already);
  }
}
