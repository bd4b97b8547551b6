package doorbell.client;

/**
 * What setting many came to.
 *
 * @param set how many were set by this call
 * @param already how many were set before; an id that was named twice counts here once
 */
public record SetCount(int set, int already) {
  SetCount plus(SetCount other) {
    return new SetCount(set + other.set, already + other.already);
  }
}
