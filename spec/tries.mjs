// For a test of what a machine may spoil that is busy for a moment: it is tried again.

/**
 * What `measure` gives in the first try of which `isWell` holds, or else in the last one: who never does
 * what is measured fails each time.
 */
export async function inOneOf(tries, measure, isWell) {
  for (let left = tries; ; left--) {
    const measured = await measure();
    if (left === 1 || isWell(measured)) return measured;
  }
}
