// The pauses that the client makes, noted while they pass a thousand times faster.
import assert from 'node:assert/strict';

// In ms. `hold`: that of the requests, whose limits are no pauses; the client's other limits are
// whole numbers, and a pause is none, thanks to chance. `chance`: what Math.random gives, if not chance.
export function pausesIn(t, { hold = 25, chance } = {}) {
  const pauses = [];
  const real = globalThis.setTimeout;
  if (chance !== undefined) t.mock.method(Math, 'random', () => chance);
  t.mock.method(globalThis, 'setTimeout', (call, millis, ...args) => {
    const isLimit = millis >= (hold * 0.8 + 10) * 1000 && millis <= (hold + 10) * 1000;
    const isLook = millis >= 240_000 && millis < 300_000; // of follow()
    if (Number.isInteger(millis) || isLimit || isLook) return real(call, millis, ...args);
    pauses.push(millis);
    return real(call, millis / 1000, ...args);
  });
  return pauses;
}

export const areBetween = (values, bounds) => values.length === bounds.length
  && bounds.every(([low, high], i) => values[i] >= low && values[i] <= high);

export function assertBetween(values, bounds) {
  assert.ok(areBetween(values, bounds), `${values} is not between ${bounds.join(' and ')}`);
}

// Nearly the least and nearly the most that chance gives.
export const [LEAST, MOST] = [0.00001, 0.99999];

// Moves the mocked clock on until the promise settles.
export async function ticking(t, promise, step = 1000) {
  let over = false;
  promise.then(() => { over = true; }, () => { over = true; });
  while (!over) {
    t.mock.timers.tick(step);
    await new Promise(resolve => setImmediate(resolve));
  }
  return promise;
}

// What is said in the console meanwhile: the text of each warning, and each error.
export function consoleOf(t) {
  const said = { warnings: [], errors: [] };
  t.mock.method(console, 'warn', text => said.warnings.push(text));
  t.mock.method(console, 'error', error => said.errors.push(error));
  return said;
}
