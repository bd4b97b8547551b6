// How long a request may hang: what the client learns from proxies that cut it off. The clock is the
// test's, and so is fetch, since a network doesn't keep to such a clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Doorbell from '../doorbell.mjs';

let nodes = 0; // what is learned about one must not help another

// Answers request n, as answer(hold, n) says, after so many seconds: [seconds, what]. A string cuts,
// nothing is silence, true rings. Gives the holds that were asked for.
function network(t, answer) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const holds = [];
  t.mock.method(globalThis, 'fetch', (text, { signal }) => new Promise((resolve, reject) => {
    const url = new URL(text);
    const hold = Number(url.searchParams.get('timeout'));
    holds.push(hold);
    signal.addEventListener('abort', () => reject(signal.reason));
    const [seconds, what] = answer(hold, holds.length);
    if (what === undefined) return;
    setTimeout(() => {
      if (what === true) resolve(Response.json({ set: [url.pathname.split('/').pop()] }));
      else if (typeof what === 'number') resolve(new Response(null, { status: what }));
      else reject(new TypeError(what));
    }, seconds * 1000);
  }));
  return holds;
}

// A proxy that cuts what hangs for so many seconds; the bell rings at request n.
function cutting(t, seconds, how, rings = Infinity) {
  return network(t, (hold, n) => n === rings ? [0, true]
    : hold < seconds ? [hold, 204] : [seconds, how]);
}

// Moves the clock on until the promise settles.
async function ticking(t, promise) {
  let over = false;
  promise.finally(() => { over = true; });
  while (!over) {
    t.mock.timers.tick(100);
    await new Promise(resolve => setImmediate(resolve));
  }
  return promise;
}

for (const [name, how] of Object.entries({ HangsUp: 'terminated', Says504: 504 })) {
  test(`aProxyThat${name}After12SecondsIsLearned`, async t => {
    const holds = cutting(t, 12, how, 6);
    await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
    const [first, second, ...later] = holds;
    assert.ok(first >= 20 && second >= 20, `one cut is no rule: ${holds}`);
    assert.equal(later.length, 4);
    for (const hold of later) assert.ok(hold > 7 && hold < 10, String(holds));
  });
}

test('aProxyThatCutsBeyondTheHoldIsNotMet', async t => {
  const holds = cutting(t, 30, 'terminated', 5);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20 && hold <= 25, String(holds));
});

test('aLongHoldIsCutToWhatAProxyOf30SecondsTakes', async t => {
  const holds = cutting(t, 30, 'terminated', 4);
  await ticking(t, new Doorbell(`http://node${++nodes}`, { hold: 120 }).wait('7'));
  const [first, second, ...later] = holds;
  assert.ok(first >= 96 && second >= 96, String(holds));
  for (const hold of later) assert.ok(hold > 19 && hold <= 24.5, String(holds));
});

test('failuresAtRandomTimesTeachNothing', async t => {
  const lives = [3, 11, 7, 18, 2, 5];
  const holds = network(t, (hold, n) => n > lives.length ? [0, true] : [lives[n - 1], 'reset']);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20, String(holds));
});

test('aNodeThatIsAwayTeachesNothing', async t => {
  const holds = network(t, (hold, n) => n > 6 ? [0, true] : [0.01, 'refused']);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  for (const hold of holds) assert.ok(hold >= 20, String(holds));
});

test('silenceHalvesTheHoldButNotBelow5Seconds', async t => {
  const holds = network(t, (hold, n) => n > 5 ? [0, true] : []);
  await ticking(t, new Doorbell(`http://node${++nodes}`).wait('7'));
  const tops = [25, 12.5, 6.25, 5, 5, 5];
  assert.equal(holds.length, tops.length);
  tops.forEach((top, n) => {
    assert.ok(holds[n] <= top && holds[n] >= top * 0.79, String(holds));
  });
});

test('whatWasLearnedIsKeptForTheSessionAndItsUrl', async t => {
  const kept = new Map();
  globalThis.sessionStorage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, String(value)),
  };
  t.after(() => delete globalThis.sessionStorage);
  let rings = false;
  const holds = network(t, hold => rings ? [0, true] : [12, 'terminated']);
  const learning = new Doorbell('http://kept').wait('7');
  const learned = (async () => {
    while (holds.length < 3) await new Promise(resolve => setImmediate(resolve));
    rings = true;
  })();
  await ticking(t, Promise.all([learned, learning]));
  const holdOf = async bell => {
    await ticking(t, bell.wait('8'));
    return holds.at(-1);
  };
  assert.ok(await holdOf(new Doorbell('http://kept', { hold: 24 })) < 10);
  assert.ok(await holdOf(new Doorbell('http://kept/other')) >= 20);
  assert.ok(await holdOf(new Doorbell('http://kept', { hold: 3 })) <= 3);
});
