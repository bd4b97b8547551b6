import assert from 'node:assert/strict';

const MOST_MILLIS = 60_000;
const LOOKS_EACH_MILLIS = 50;

/** Returns once `condition()` is true; fails, with what `why()` says, when that takes too long. */
export async function awaited(condition, why = () => '') {
  const end = Date.now() + MOST_MILLIS;
  while (!condition()) {
    assert.ok(Date.now() < end, `not in time: ${condition} ${why()}`);
    await new Promise((resolve) => { setTimeout(resolve, LOOKS_EACH_MILLIS); });
  }
}
